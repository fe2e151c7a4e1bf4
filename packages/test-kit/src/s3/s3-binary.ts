import { createHash } from 'node:crypto';
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { cacheDir } from '@apwa/ray';

const run = promisify(execFile);

const VERSION = 'v1.8.0';
const RELEASE = `https://github.com/versity/versitygw/releases/download/${VERSION}`;
/** Building it takes most of a minute on an idle machine and some on a busy one: no test's own time pays for it. */
export const INSTALL_TIMEOUT_MS = 600_000;
/** Short: where the host can't be reached, the next way is tried soon. */
const CONNECT_TIMEOUT_MS = 5_000;
const DOWNLOAD_TIMEOUT_MS = 120_000;

const platforms: Partial<Record<NodeJS.Platform, string>> = { linux: 'Linux', darwin: 'Darwin', freebsd: 'Freebsd' };
const architectures: Record<string, string> = { x64: 'x86_64', arm64: 'arm64' };

/** The path of the Versity Gateway: one on PATH, else the one in our cache, filled by its release or by Go. For `beforeAll`. */
export const ensureS3Binary = async (): Promise<string> => {
  const cached = join(cacheDir(), `versitygw-${VERSION}`);
  const places = [...(process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'versitygw')), cached];
  for (const place of places) if (await isExecutable(place)) return place;
  const failures: string[] = [];
  for (const [way, fetchInto] of [
    ['its release', downloadRelease],
    ['Go', buildWithGo],
  ] as const) {
    await mkdir(cacheDir(), { recursive: true });
    const scratch = await mkdtemp(`${cached}.`);
    try {
      // It appears whole: another run may be looking for it at this moment.
      await rename(await fetchInto(scratch), cached);
      return cached;
    } catch (error) {
      failures.push(`${way}: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`);
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }
  throw new Error(`no S3 server: install versitygw ${VERSION} on PATH, or Go (${failures.join('; ')})`);
};

const isExecutable = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );

/** The archive is checked against the list of SHA-256 sums that is published with the release. */
const downloadRelease = async (scratch: string): Promise<string> => {
  const [platform, architecture] = [platforms[process.platform], architectures[process.arch]];
  if (!platform || !architecture) throw new Error(`there is none for ${process.platform} ${process.arch}`);
  const folder = `versitygw_${VERSION}_${platform}_${architecture}`;
  const sums = (await download('checksums.txt', CONNECT_TIMEOUT_MS)).toString('utf8').split('\n');
  const archive = await download(`${folder}.tar.gz`, DOWNLOAD_TIMEOUT_MS);
  const sum = createHash('sha256').update(archive).digest('hex');
  if (!sums.some((line) => line.startsWith(sum) && line.endsWith(`${folder}.tar.gz`))) throw new Error(`its SHA-256 is ${sum}`);
  await writeFile(join(scratch, 'archive.tar.gz'), archive);
  await run('tar', ['-xzf', 'archive.tar.gz'], { cwd: scratch });
  return join(scratch, folder, 'versitygw');
};

const download = async (file: string, timeoutMs: number): Promise<Buffer> => {
  const response = await fetch(`${RELEASE}/${file}`, { signal: AbortSignal.timeout(timeoutMs) });
  if (!response.ok) throw new Error(`${file}: HTTP ${response.status}`);
  return Buffer.from(await response.arrayBuffer());
};

const buildWithGo = async (scratch: string): Promise<string> => {
  await run('go', ['install', `github.com/versity/versitygw/cmd/versitygw@${VERSION}`], {
    env: { ...process.env, GOBIN: scratch, GOFLAGS: '-trimpath', CGO_ENABLED: '0' },
    timeout: INSTALL_TIMEOUT_MS,
  });
  return join(scratch, 'versitygw');
};
