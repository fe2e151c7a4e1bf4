import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type World } from './world.js';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** The service as it is run, as a process of its own. */
export const spawnManager = async ({ config, dir }: World): Promise<{ child: ChildProcess; url: string }> => {
  const folder = await mkdtemp(join(dir, 'config-'));
  const path = join(folder, 'apwa.config.yaml');
  // JSON is YAML.
  await writeFile(path, JSON.stringify(config));
  const env = { PATH: process.env.PATH, APWA_CONFIG: path, APWA_LIFELINE: '1', APWA_LOG_LEVEL: 'info' };
  const child = spawn(process.execPath, [MAIN], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: child.stdout })) {
    const { msg, url } = JSON.parse(line) as { msg: string; url?: string };
    if (msg !== 'ready' || !url) continue;
    child.stdout.resume();
    return { child, url };
  }
  throw new Error('the manager ended before it was ready');
};
