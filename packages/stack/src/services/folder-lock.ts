import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RefusedError } from '@apwa/contracts';
import { isAlive } from '../processes/process-table.js';

const LOCK = 'lock';

export interface FolderLock {
  release(): Promise<void>;
}

/**
 * Takes a folder for this process, until `release()` or its death.
 *
 * @throws RefusedError `folder_in_use` naming the process that has it.
 */
export const lockFolder = async (dir: string): Promise<FolderLock> => {
  await mkdir(dir, { recursive: true });
  const path = join(dir, LOCK);
  const mine = `${path}.${process.pid}`;
  const me = `${process.pid} ${bootOf(process.pid)}`;
  await writeFile(mine, me);
  try {
    for (;;) {
      // A link appears whole or not at all, and never over one that is there.
      const taken = await link(mine, path).then(
        () => true,
        (error: NodeJS.ErrnoException) => {
          if (error.code === 'EEXIST') return false;
          throw error;
        },
      );
      if (taken) return { release: () => rm(path, { force: true }) };
      const holder = await readFile(path, 'utf8').catch(() => '');
      if (isHeld(holder)) {
        const [pid] = holder.split(' ');
        throw new RefusedError('folder_in_use', `Process ${pid} has a stack running in ${dir}.`, {
          field: 'dir',
          value: dir,
          allowed: 'a folder of its own, or APWA_URL to use the stack that runs',
        });
      }
      // Of several that find it left over, one moves it away; what another has put there meanwhile goes back.
      const left = `${path}.left.${process.pid}`;
      if (await rename(path, left).catch(() => 'gone')) continue;
      if ((await readFile(left, 'utf8')) !== holder) await link(left, path).catch(() => undefined);
      await rm(left, { force: true });
    }
  } finally {
    await rm(mine, { force: true });
  }
};

const isHeld = (holder: string): boolean => {
  const [pid, boot] = holder.split(' ');
  return Boolean(pid) && isAlive(Number(pid)) && bootOf(Number(pid)) === boot;
};

/** When a process was started, in ticks: tells it from another one that got its number. `?` where there is no `/proc`. */
const bootOf = (pid: number): string => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '?';
  } catch {
    return '?';
  }
};
