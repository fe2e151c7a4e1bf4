import { execFile } from 'node:child_process';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { tempDir } from './temp-dir.js';

/** A clock of the time of day that can be put forward and back, for processes that are started with its environment. */
export interface SettableClock {
  readonly env: NodeJS.ProcessEnv;
  /** So many seconds ahead of the machine's own clock, from now on. Negative: behind it. */
  set(offsetSeconds: number): Promise<void>;
  remove(): Promise<void>;
}

/** Time that only goes forward (CLOCK_MONOTONIC) is left alone, as it is when an administrator sets the time. */
const SOURCE = `
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t *offset_seconds;

__attribute__((constructor)) static void share_offset(void) {
  const char *path = getenv("SETTABLE_CLOCK");
  int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) return;
  void *page = mmap(0, sizeof *offset_seconds, PROT_READ, MAP_SHARED, file, 0);
  close(file);
  if (page != MAP_FAILED) offset_seconds = page;
}

int clock_gettime(clockid_t clock, struct timespec *at) {
  int failed = syscall(SYS_clock_gettime, clock, at);
  if (!failed && offset_seconds && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) at->tv_sec += *offset_seconds;
  return failed;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone) {
  struct timespec now;
  (void)zone;
  clock_gettime(CLOCK_REALTIME, &now);
  at->tv_sec = now.tv_sec;
  at->tv_usec = now.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *at) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (at) *at = now.tv_sec;
  return now.tv_sec;
}
`;

/** Needs a C compiler (`cc`), and Linux; null where one of them is missing. */
export const settableClock = async (): Promise<SettableClock | null> => {
  if (process.platform !== 'linux') return null;
  const dir = await tempDir('clock');
  const [library, offset] = [join(dir.path, 'clock.so'), join(dir.path, 'offset')];
  const compiling = promisify(execFile)('cc', ['-shared', '-fPIC', '-O2', '-x', 'c', '-o', library, '-'], { timeout: 60_000 });
  compiling.child.stdin?.end(SOURCE);
  try {
    await compiling;
  } catch (thrown) {
    await dir.remove();
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw thrown;
  }
  const file = await open(offset, 'w+', 0o644);
  const set = async (seconds: number): Promise<void> => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(seconds));
    // In one piece, so that nobody sees half of it.
    await file.write(bytes, 0, bytes.length, 0);
  };
  await set(0);
  return {
    env: { LD_PRELOAD: library, SETTABLE_CLOCK: offset },
    set,
    remove: async () => {
      await file.close();
      await dir.remove();
    },
  };
};
