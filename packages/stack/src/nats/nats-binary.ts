import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, chmod, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { ApwaError, PermanentError } from '@apwa/contracts';
import { cacheDir } from '@apwa/ray';

const run = promisify(execFile);

/** What we download or build. */
export const NATS_VERSION = '2.15.2';
/** The oldest that is taken from PATH: per-message and batch features of JetStream that the journal uses came with it. */
const OLDEST = [2, 12] as const;

const RELEASES = 'https://github.com/nats-io/nats-server/releases/download';
/** Short: where the host can't be reached, the next way is tried soon. */
const CONNECT_TIMEOUT_MS = 5_000;
const DOWNLOAD_TIMEOUT_MS = 120_000;
const BUILD_TIMEOUT_MS = 600_000;

const platforms: Partial<Record<NodeJS.Platform, string>> = { linux: 'linux', darwin: 'darwin', freebsd: 'freebsd' };
const architectures: Record<string, string> = { x64: 'amd64', arm64: 'arm64', arm: 'arm7', ia32: '386', s390x: 's390x', ppc64: 'ppc64le' };

/**
 * The path of a NATS server: one on PATH that is new enough, else the one in our cache, which is filled by the release's
 * archive or by Go. Callers at the same time are safe, in one process and in several: a binary appears whole, by a rename.
 *
 * @throws PermanentError `nats_server_missing` with what to install.
 */
export const ensureNatsServer = (log: (line: string) => void = () => undefined): Promise<string> => {
  pending ??= find(log).finally(() => (pending = undefined));
  return pending;
};
let pending: Promise<string> | undefined;

const find = async (log: (line: string) => void): Promise<string> => {
  const onPath = await newEnoughOnPath();
  if (onPath) return onPath;
  const cached = join(cacheDir(), `nats-server-${NATS_VERSION}`);
  if (await isExecutable(cached)) return cached;

  const failures: string[] = [];
  for (const [way, fetchInto] of [
    ['the release', downloadRelease],
    ['go install', buildWithGo],
  ] as const) {
    const scratch = await scratchBeside(cached);
    try {
      log(`NATS server ${NATS_VERSION}: fetching it by ${way}`);
      const binary = await fetchInto(scratch);
      await chmod(binary, 0o755);
      await rename(binary, cached);
      return cached;
    } catch (error) {
      failures.push(`${way}: ${ApwaError.from(error).message.split('\n')[0]}`);
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }
  throw new PermanentError(
    'nats_server_missing',
    `no NATS server: install nats-server ≥ ${OLDEST.join('.')} on PATH (https://nats.io/download), or Go (${failures.join('; ')})`,
  );
};

const scratchBeside = async (target: string): Promise<string> => {
  await mkdir(cacheDir(), { recursive: true });
  return mkdtemp(`${target}.`);
};

const isExecutable = async (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );

const newEnoughOnPath = async (): Promise<string | null> => {
  for (const folder of (process.env.PATH ?? '').split(delimiter).filter(Boolean)) {
    const path = join(folder, 'nats-server');
    if (!(await isExecutable(path))) continue;
    const answer = await run(path, ['--version'], { timeout: CONNECT_TIMEOUT_MS }).catch(() => null);
    if (answer && isNewEnough(answer.stdout)) return path;
  }
  return null;
};

/** Whether a server that calls itself `nats-server: v2.12.1` can carry the journal. */
export const isNewEnough = (versionText: string): boolean => {
  const [, major, minor] = /v?(\d+)\.(\d+)\.\d+/.exec(versionText)?.map(Number) ?? [];
  if (major === undefined || minor === undefined) return false;
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
};

/** The archive is checked against the list of SHA-256 sums that is published with the release. */
const downloadRelease = async (scratch: string): Promise<string> => {
  const [platform, architecture] = [platforms[process.platform], architectures[process.arch]];
  if (!platform || !architecture) throw new PermanentError('no_release', `none for ${process.platform} ${process.arch}`);
  const folder = `nats-server-v${NATS_VERSION}-${platform}-${architecture}`;
  const sums = (await download('SHA256SUMS', CONNECT_TIMEOUT_MS)).toString('utf8');
  const expected = sums
    .split('\n')
    .find((line) => line.endsWith(`${folder}.tar.gz`))
    ?.slice(0, 64);
  const archive = await download(`${folder}.tar.gz`, DOWNLOAD_TIMEOUT_MS);
  const actual = createHash('sha256').update(archive).digest('hex');
  if (actual !== expected) throw new PermanentError('wrong_checksum', `the archive's SHA-256 is ${actual}, not ${expected}`);
  await writeFile(join(scratch, 'archive.tar.gz'), archive);
  await run('tar', ['-xzf', 'archive.tar.gz'], { cwd: scratch });
  return join(scratch, folder, 'nats-server');
};

const download = async (file: string, timeoutMs: number): Promise<Buffer> => {
  const response = await fetch(`${RELEASES}/v${NATS_VERSION}/${file}`, { signal: AbortSignal.timeout(timeoutMs) });
  if (!response.ok) throw new PermanentError('download_failed', `${file}: HTTP ${response.status}`);
  return Buffer.from(await response.arrayBuffer());
};

const buildWithGo = async (scratch: string): Promise<string> => {
  await run('go', ['install', `github.com/nats-io/nats-server/v2@v${NATS_VERSION}`], {
    env: { ...process.env, GOBIN: scratch, GOFLAGS: '-trimpath', CGO_ENABLED: '0' },
    timeout: BUILD_TIMEOUT_MS,
  });
  return join(scratch, 'nats-server');
};
