import { spawn, type ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';

/** What Node maps as data before it does anything, most of it never touched: `ulimit -d` counts it. MiB. */
const MAPPED_MB = 750;
/** What Node and DuckDB hold resident beside the memory that is counted. MiB. */
const RESIDENT_MB = 256;
const WATCH_MS = 50;
const PAGE_BYTES = 4_096;

export interface ProcessLimits {
  memoryMb: number;
  /** JavaScript's own heap. */
  heapMb: number;
  cpuSeconds: number;
}

/**
 * Starts a script of ours under limits of the system: a pipe to its standard input, one from its standard error, one from its file
 * descriptor 3. `detached`: it leads a process group of its own.
 */
export const spawnLimited = (
  script: string,
  folder: string,
  { memoryMb, heapMb, cpuSeconds }: ProcessLimits,
  { detached }: { detached: boolean },
): ChildProcess => {
  const limited = `ulimit -c 0; ulimit -t ${cpuSeconds}; ulimit -d ${(MAPPED_MB + heapMb + memoryMb) * 1_024}; exec "$@"`;
  const flags = [`--max-old-space-size=${heapMb}`, '--v8-pool-size=1', '--no-warnings'];
  return spawn('/bin/sh', ['-c', limited, 'sh', process.execPath, ...flags, script], {
    cwd: folder,
    // An allow-list: nothing of ours is inherited. A fixed zone and language, so that every machine gives the same results.
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', LANG: 'C.UTF-8', TZ: 'UTC', HOME: folder, TMPDIR: folder },
    stdio: ['pipe', 'ignore', 'pipe', 'pipe'],
    detached,
  });
};

/** Kills what the limits of the system let pass. Where there is no /proc (macOS) these limits stand alone. */
export const watchMemory = (child: ChildProcess, memoryMb: number, onExceeded: () => void): NodeJS.Timeout => {
  const limitBytes = (memoryMb + RESIDENT_MB) * 1024 * 1024;
  return setInterval(() => {
    if (process.platform !== 'linux' || child.pid === undefined) return;
    readFile(`/proc/${child.pid}/statm`, 'utf8').then(
      (text) => {
        if (Number(text.split(' ')[1]) * PAGE_BYTES > limitBytes) onExceeded();
      },
      () => undefined,
    );
  }, WATCH_MS);
};

/** Words in which Node, the C++ library and DuckDB say that memory ran out, on their way down. */
export const OUT_OF_MEMORY = /out of memory|bad_alloc|allocation failed|cannot allocate/i;
