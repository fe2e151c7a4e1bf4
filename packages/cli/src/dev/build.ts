import { spawn } from 'node:child_process';
import { join } from 'node:path';

/**
 * Builds workspaces and what is built upon them, in order; resolves to whether all went well. If not, what the compiler said
 * goes to standard error.
 */
export const build = (root: string, names: string[], signal: AbortSignal): Promise<boolean> =>
  new Promise((resolve) => {
    const filters = names.map((name) => `--filter=...${name}`);
    const child = spawn(
      join(root, 'node_modules', '.bin', 'turbo'),
      ['run', 'build', ...filters, '--output-logs=errors-only', '--log-order=grouped', '--log-prefix=none', '--ui=stream'],
      {
        cwd: root,
        stdio: ['ignore', 'pipe', 'pipe'],
        signal,
        killSignal: 'SIGTERM',
      },
    );
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (said += text));
    child.once('error', (error) => {
      if (child.pid !== undefined) return; // ended by the signal: its close follows
      process.stderr.write(`turbo could not be started: ${error.message}\n`);
      resolve(false);
    });
    child.once('close', (code) => {
      if (code !== 0 && !signal.aborted) process.stderr.write(said);
      resolve(code === 0);
    });
  });
