import { Server, Socket } from 'node:net';
import { commandOf, descendantsOf, isAlive } from '@apwa/stack';
import { eventually } from './eventually.js';

/** Kinds of `process.getActiveResourcesInfo()` that keep a process from ending and mean a connection or server left open. */
const SOCKETS = new Set(['TCPSocketWrap', 'TCPServerWrap', 'PipeConnectWrap', 'UDPWrap']);

export interface LeakCheck {
  /** Fails, naming them, if processes or sockets are there that were not there when the check was made. */
  verify(options?: { timeoutMs?: number }): Promise<void>;
}

/** Notes what is there now. What a test opened and did not close is found by `verify()` at its end. */
export const leakCheck = async (): Promise<LeakCheck> => {
  const before = new Set(await descendantsOf(process.pid));
  const socketsBefore = openSockets();
  const verify = async ({ timeoutMs = 30_000 } = {}) => {
    await eventually(
      async () => {
        const processes = (await descendantsOf(process.pid)).filter((pid) => !before.has(pid) && isAlive(pid));
        const commands = await Promise.all(processes.map(async (pid) => ({ pid, command: await commandOf(pid) })));
        // The guard of @apwa/stack is one shell for the life of this process.
        const left = commands.filter(({ command }) => command !== null && !isGuard(command));
        const sockets = openSockets() - socketsBefore;
        if (left.length === 0 && sockets <= 0) return true;
        const found = [
          ...left.map(({ pid, command }) => `process ${pid}: ${command}`),
          ...(sockets > 0 ? [`${sockets} sockets of ${socketsOpen()}`] : []),
        ];
        throw new Error(`left behind: ${found.join('; ')}`);
      },
      { timeoutMs, what: 'everything to be closed' },
    );
  };
  return { verify };
};

const isGuard = (command: string): boolean => /^\/bin\/sh -c\s+groups=/.test(command);

/** Where the open sockets of this process lead, for a person who looks for the one that was forgotten. */
const socketsOpen = (): string => {
  const handles = (process as unknown as { _getActiveHandles: () => unknown[] })._getActiveHandles();
  return handles
    .filter((handle) => handle instanceof Socket || handle instanceof Server)
    .map((handle) =>
      handle instanceof Server
        ? `server ${JSON.stringify(handle.address())}`
        : `${handle.localPort} to ${handle.remoteAddress}:${handle.remotePort} (${handle.readyState}${handle.destroyed ? ', destroyed' : ''})`,
    )
    .join(', ');
};

const openSockets = (): number => process.getActiveResourcesInfo().filter((kind) => SOCKETS.has(kind)).length;
