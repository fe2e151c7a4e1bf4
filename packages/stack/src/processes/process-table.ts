import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface ProcessEntry {
  pid: number;
  parent: number;
  /** Dead, and not yet reaped by its parent. */
  zombie: boolean;
}

/** Everything that runs on this machine: from `/proc` where there is one, else from `ps`. */
export const processTable = async (): Promise<ProcessEntry[]> => {
  const names = await readdir('/proc').catch(() => null);
  if (!names?.includes('self')) return fromPs();
  const entries = await Promise.all(names.filter((name) => /^\d+$/.test(name)).map(fromProc));
  return entries.filter((entry) => entry !== null);
};

const fromProc = async (name: string): Promise<ProcessEntry | null> => {
  const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => null);
  if (stat === null) return null; // it ended meanwhile
  const { state, parent } = stateOf(stat);
  return { pid: Number(name), parent, zombie: state === 'Z' };
};

/** The command stands in brackets and may hold anything, brackets and spaces included: the figures follow the last one. */
const stateOf = (stat: string): { state: string | undefined; parent: number } => {
  const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { state, parent: Number(parent) };
};

const fromPs = async (): Promise<ProcessEntry[]> => {
  const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid=,stat=']);
  return stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .map(([pid, parent, state]) => ({ pid: Number(pid), parent: Number(parent), zombie: state?.startsWith('Z') ?? false }));
};

/** The children of a process, their children and so on, nearest first; not the process itself. */
export const descendantsOf = async (pid: number): Promise<number[]> => {
  const table = await processTable();
  const found = [pid];
  for (const ancestor of found)
    found.push(...table.filter((entry) => entry.parent === ancestor && !entry.zombie).map((entry) => entry.pid));
  return found.slice(1);
};

/** The command line of a process, or null if there is none (any more). */
export const commandOf = async (pid: number): Promise<string | null> => {
  const raw = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => null);
  if (raw !== null) return raw.replaceAll('\0', ' ').trim() || null;
  const answer = await run('ps', ['-p', String(pid), '-o', 'command=']).catch(() => null);
  return answer?.stdout.trim() || null;
};

/** Whether the process is there and not a zombie: dead, but not yet reaped by its parent. */
export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // there, and somebody else's
  }
  try {
    return stateOf(readFileSync(`/proc/${pid}/stat`, 'utf8')).state !== 'Z';
  } catch {
    return !existsSync('/proc/self'); // it ended between the two looks, or there is no /proc to tell
  }
};

/** Sends a signal to a process that may be gone already. */
export const signal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
};
