import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface Ended {
  code: number | null;
  out: string;
  err: string;
}

/** A program of the built package, running. */
export interface Running {
  ended: Promise<Ended>;
  interrupt: () => void;
  /** What it has printed to standard error until now. */
  err: () => string;
}

/** Starts `dist/<program>` as a process, without a terminal, in a folder. */
export const start = (program: string, args: string[], { cwd, env = {} }: { cwd: string; env?: NodeJS.ProcessEnv }): Running => {
  const path = fileURLToPath(new URL(`../../dist/${program}`, import.meta.url));
  const { NODE_OPTIONS: _options, APWA_URL: _url, APWA_KEY: _key, APWA_KEY_FILE: _file, ...inherited } = process.env;
  const child = spawn(process.execPath, [path, ...args], { cwd, env: { ...inherited, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  return {
    ended: new Promise((resolve) => child.once('close', (code) => resolve({ code, out, err }))),
    interrupt: () => void child.kill('SIGINT'),
    err: () => err,
  };
};
