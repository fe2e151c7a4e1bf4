import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Kills what it was told of when this process is gone, however it went: servers such as Postgres and NATS don't notice the
 * death of who started them. It is a shell that reads `+PID` and `-PID` from a pipe whose other end only this process holds;
 * the kernel closes that end even after `kill -9`, and then every process group that is still noted is killed.
 *
 * A shell, not Node: it is there at once and takes less than a megabyte.
 */
const SCRIPT = `
groups=' '
while read -r sign pid; do
  case "$sign" in
    +) groups="$groups$pid " ;;
    -) groups="\${groups%% $pid *} \${groups#* $pid }" ;;
  esac
done
for pid in $groups; do kill -KILL "-$pid" 2>/dev/null || kill -KILL "$pid" 2>/dev/null; done
`;

let watcher: ChildProcess | undefined;

const tell = (line: string): void => {
  if (!watcher || watcher.exitCode !== null || watcher.signalCode !== null) {
    // Detached: a Ctrl-C in the terminal is for this process, which stops its children in order.
    watcher = spawn('/bin/sh', ['-c', SCRIPT], { stdio: ['pipe', 'ignore', 'ignore'], detached: true, cwd: '/' });
    watcher.stdin?.on('error', () => undefined);
    watcher.unref();
    (watcher.stdin as unknown as { unref?: () => void }).unref?.();
    for (const pid of guarded) watcher.stdin?.write(`+ ${pid}\n`);
  }
  watcher.stdin?.write(`${line}\n`);
};

const guarded = new Set<number>();

/** Starts the watcher ahead of the first child, so that no child is without it. */
export const startGuard = (): void => {
  if (!watcher) tell('= 0');
};

/** From now on the process group dies with this process. Call it in the same turn in which it was spawned. */
export const guard = (pid: number): void => {
  tell(`+ ${pid}`);
  guarded.add(pid);
};

/** It has ended: its number may become somebody else's. */
export const unguard = (pid: number): void => {
  if (guarded.delete(pid)) tell(`- ${pid}`);
};
