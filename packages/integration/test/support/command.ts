import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../../cli/dist/main.js', import.meta.url));

/** Runs the built command `apwa` in a folder, as a shell without a terminal would. */
export const apwa = (
  args: string[],
  { cwd, url }: { cwd: string; url: string },
): Promise<{ code: number | null; out: string; err: string }> => {
  const { NODE_OPTIONS: _options, ...inherited } = process.env;
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    cwd,
    env: { ...inherited, APWA_URL: url },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, out, err })));
};

/** The same on a terminal, where a person types the answer to its question. What is printed to both outputs is in `out`. */
export const apwaOnTerminal = (
  args: string[],
  { cwd, url, answer }: { cwd: string; url: string; answer: string },
): Promise<{ code: number | null; out: string }> => {
  const { NODE_OPTIONS: _options, ...inherited } = process.env;
  // `script` of util-linux gives the command a terminal of its own.
  const command = [process.execPath, PROGRAM, ...args].map((word) => `'${word}'`).join(' ');
  const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    cwd,
    env: { ...inherited, APWA_URL: url },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    if (out.includes('[y/N]') && child.stdin.writable) child.stdin.end(answer);
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, out })));
};
