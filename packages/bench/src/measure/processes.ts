import { readFile } from 'node:fs/promises';
import { InternalError, PermanentError } from '@apwa/contracts';
import { processTable } from '@apwa/test-kit';

/** Milliseconds of a tick in which Linux counts the CPU time of processes: 100 a second on every machine that Node runs on. */
const TICK_MS = 10;

/** These processes and all of their descendants, each once. */
const treesOf = async (roots: readonly number[]): Promise<number[]> => {
  const table = await processTable();
  const found = new Set(roots);
  for (const ancestor of found) for (const { pid, parent } of table) if (parent === ancestor) found.add(pid);
  return [...found];
};

/** User and system time of a line of `/proc/PID/stat`, that of reaped children included. Milliseconds. */
export const cpuOfStat = (stat: string): number => {
  // The command stands in brackets and may hold anything: the figures follow the last one.
  const figures = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return figures.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) * TICK_MS;
};

/**
 * CPU time that these processes and their descendants have used so far, in milliseconds: of the living themselves, of the dead
 * through whoever reaped them. InternalError `process_gone` if one of these is gone itself: what it had used is told nowhere.
 */
export const cpuMsOf = async (roots: readonly number[]): Promise<number> => {
  const used = async (pid: number): Promise<number> => {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
    if (stat !== null) return cpuOfStat(stat);
    if (roots.includes(pid)) throw new InternalError('process_gone', `Process ${pid} ended before its CPU time was read.`);
    return 0;
  };
  return (await Promise.all((await treesOf(roots)).map(used))).reduce((sum, ms) => sum + ms, 0);
};

/** CPU time that the whole machine has used so far, by whomever; what the hypervisor took away counts. Milliseconds. */
export const machineCpuMs = async (): Promise<number> => {
  const [line = ''] = (await readFile('/proc/stat', 'utf8')).split('\n');
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = line.trim().split(/\s+/).slice(1).map(Number);
  return (user + nice + system + irq + softirq + steal) * TICK_MS;
};

/** Resident memory of a process in mebibytes; null if it is gone. */
export const residentMb = async (pid: number): Promise<number | null> => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => null);
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(status ?? '') ?? [];
  return kilobytes === undefined ? null : Number(kilobytes) / 1024;
};

/** Refuses a machine that does not say what its processes use. */
export const requireProc = async (): Promise<void> => {
  await machineCpuMs().catch((cause: unknown) => {
    throw new PermanentError('no_proc', 'Benchmarks read CPU time and memory from /proc, which Linux alone has.', { cause });
  });
};
