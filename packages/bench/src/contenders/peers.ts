import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ApwaError } from '@apwa/contracts';
import { cacheDir } from '@apwa/ray';

/** Their programs and the versions that they are run in, beside this package's sources: no part of any workspace. */
const SOURCES = fileURLToPath(new URL('../../peers/', import.meta.url));

export const PEERS = ['langgraph', 'mastra', 'ai-sdk'] as const;

/** Nothing of a benchmark is told to anybody. */
const QUIET = {
  DO_NOT_TRACK: '1',
  LANGSMITH_TRACING: 'false',
  LANGCHAIN_TRACING_V2: 'false',
  MASTRA_TELEMETRY_DISABLED: '1',
  AI_SDK_LOG_WARNINGS: 'false',
};

export interface InstalledPeers {
  folder: string;
  versions: Record<string, string>;
  env: NodeJS.ProcessEnv;
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/**
 * Installs the peers into a folder of our cache that is named by their lock file, once: a folder appears whole, by a rename.
 * Null where their packages cannot be had; the reason is told.
 */
export const installPeers = async (say: (line: string) => void): Promise<InstalledPeers | null> => {
  const lock = await readFile(join(SOURCES, 'package-lock.json'));
  const folder = join(cacheDir(), `bench-peers-${createHash('sha256').update(lock).digest('hex').slice(0, 16)}`);
  try {
    if (!(await exists(folder))) await install(folder, say);
  } catch (error) {
    say(`The other frameworks are left out, they cannot be installed: ${ApwaError.from(error).message.split('\n')[0]}`);
    return null;
  }
  // Programs find their packages from where they stand; they may be newer than the packages.
  await cp(SOURCES, folder, { recursive: true, filter: (path) => !path.endsWith('package-lock.json') });
  const { dependencies } = JSON.parse(await readFile(join(SOURCES, 'package.json'), 'utf8')) as { dependencies: Record<string, string> };
  return { folder, versions: dependencies, env: { ...process.env, ...QUIET } };
};

const install = async (folder: string, say: (line: string) => void): Promise<void> => {
  say(`Installing the other frameworks into ${folder} …`);
  const scratch = `${folder}.${process.pid}`;
  try {
    await mkdir(scratch, { recursive: true });
    await cp(SOURCES, scratch, { recursive: true });
    await promisify(execFile)('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: scratch, maxBuffer: 1 << 26 });
    await rename(scratch, folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY') throw error;
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
};
