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

/** What a person types, and the end of the question that it answers. */
export interface Typed {
  to: string;
  answer: string;
}

export interface TerminalOptions {
  cwd: string;
  url: string;
  answer?: string;
  typed?: Typed[];
  env?: NodeJS.ProcessEnv;
}

/**
 * The same on a terminal, where a person answers its questions one after the other. `answer`: to the only question, a yes or no. What is
 * printed to both outputs is in `out`.
 */
export const apwaOnTerminal = (
  args: string[],
  { cwd, url, answer = '', typed = [{ to: '[y/N]', answer }], env = {} }: TerminalOptions,
): Promise<{ code: number | null; out: string }> => {
  const { NODE_OPTIONS: _options, ...inherited } = process.env;
  // `script` of util-linux gives the command a terminal of its own.
  const command = [process.execPath, PROGRAM, ...args].map((word) => `'${word}'`).join(' ');
  const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    cwd,
    env: { ...inherited, APWA_URL: url, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const left = [...typed];
  let [out, seen] = ['', 0];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    const [next] = left;
    const at = next ? out.indexOf(next.to, seen) : -1;
    if (!next || at < 0) return;
    left.shift();
    seen = at + next.to.length;
    child.stdin.write(next.answer);
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, out })));
};
