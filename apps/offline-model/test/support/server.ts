import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import OpenAI from 'openai';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** An offline model in a process of its own. */
export interface Running {
  /** Ends with `/v1`. */
  url: string;
  client: OpenAI;
  stats: () => Promise<Record<string, number>>;
}

const running = new Set<ChildProcess>();

export const startServer = async (...given: string[]): Promise<Running> => {
  const child = spawn(process.execPath, [MAIN, '--host', '127.0.0.1', '--port', '0', ...given], { stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  const [line] = (await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(() => Promise.reject(new Error(`the server ended: ${given.join(' ')}`))),
  ])) as [Buffer];
  const { listening: url } = JSON.parse(line.toString('utf8')) as { listening: string };
  return {
    url,
    client: new OpenAI({ baseURL: url, apiKey: 'sk-test', maxRetries: 0 }),
    stats: async () => (await fetch(new URL('/stats', url))).json() as Promise<Record<string, number>>,
  };
};

/** Ends every server that was started, by SIGTERM; fails if one does not go, or does not go with exit code 0. */
export const stopServers = async (): Promise<void> => {
  const children = [...running];
  running.clear();
  await Promise.all(
    children.map(async (child) => {
      const ended = child.exitCode === null ? once(child, 'exit') : Promise.resolve([child.exitCode]);
      child.kill('SIGTERM');
      const [code] = (await ended) as [number | null];
      if (code !== 0) throw new Error(`a server ended with ${code}`);
    }),
  );
};

/** Runs the command to its end. */
export const runCommand = async (...given: string[]): Promise<{ code: number; stdout: string; stderr: string }> => {
  const child = spawn(process.execPath, [MAIN, ...given], { stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString('utf8')));
  child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString('utf8')));
  const [code] = (await once(child, 'close')) as [number];
  return { code, ...output };
};

/** A row's message as the worker pool builds it. */
export const rowMessage = (fields: Record<string, string>, mark = 'a1b2c3d4e5f60718'): string =>
  [
    `=== data ${mark} begins ===`,
    ...Object.entries(fields).map(([name, value]) => `--- [field ${JSON.stringify(name)}] ${mark} ---\n${value}`),
    `=== data ${mark} ends ===`,
  ].join('\n');

/** The system message in which a task stands, as the worker pool builds it. */
export const systemMessage = (task: string): string =>
  `You carry out one task on one record of a table.\n\n# Task\n${task}\n\n# Record\nThe next message holds the record.\n\n# Answer\nAnswer with one JSON object.`;
