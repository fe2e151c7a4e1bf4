import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import { promisify } from 'node:util';
import { NATS_VERSION } from '@apwa/test-kit';

export interface Machine {
  cpu: string;
  cores: number;
  memoryMb: number;
  kernel: string;
  /** Over the minute before the benchmark began. */
  load: number;
  versions: Record<string, string>;
}

const versionIn = async (name: string): Promise<string> => {
  const file = new URL('package.json', new URL(import.meta.resolve(name)).href.replace(/(node_modules\/(?:@[^/]+\/)?[^/]+\/).*/, '$1'));
  return (JSON.parse(await readFile(file, 'utf8')) as { version: string }).version;
};

/** The commit that is measured, with a mark if files differ from it. */
const commit = async (): Promise<string> => {
  const { stdout } = await promisify(execFile)('git', ['describe', '--always', '--dirty', '--abbrev=12']).catch(() => ({ stdout: '' }));
  return stdout.trim() || 'unknown';
};

export const describeMachine = async (): Promise<Machine> => ({
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: availableParallelism(),
  memoryMb: Math.round(totalmem() / 1024 ** 2),
  kernel: release(),
  load: Math.round((loadavg()[0] ?? 0) * 100) / 100,
  versions: { apwa: await commit(), node: process.versions.node, openai: await versionIn('openai'), nats: NATS_VERSION },
});
