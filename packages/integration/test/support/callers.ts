import { readdir, readFile, readlink } from 'node:fs/promises';

/** The process of these that holds the other end of a connection to this machine, by its port there; null if it is none of them. */
export const callerOf = async (remotePort: number, pids: readonly number[]): Promise<number | null> => {
  const inode = inodeOf(await readFile('/proc/net/tcp', 'utf8'), remotePort);
  if (inode === null) return null;
  for (const pid of pids) if ((await socketsOf(pid)).has(inode)) return pid;
  return null;
};

/** A line of /proc/net/tcp: `n: LOCAL:PORT REMOTE:PORT state queues timer retransmits uid timeout INODE …`, ports in hexadecimal. */
const inodeOf = (table: string, localPort: number): string | null => {
  const port = localPort.toString(16).toUpperCase().padStart(4, '0');
  for (const line of table.split('\n').slice(1)) {
    const fields = line.trim().split(/\s+/);
    if (fields[1]?.endsWith(`:${port}`) && fields[9] !== '0') return fields[9] ?? null;
  }
  return null;
};

/** Inodes of a process' sockets; none of one that is gone. */
const socketsOf = async (pid: number): Promise<Set<string>> => {
  const names = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const links = await Promise.all(names.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => '')));
  return new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
};
