import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { PermanentError } from '@apwa/contracts';
import { causeOf } from './cause-of.js';
import { rayVersion, requirements } from './fabric-source.js';

const run = promisify(execFile);

/** The Pythons for which Ray has wheels, the one that is tried first first. */
const PYTHONS = ['python3.11', 'python3.12', 'python3.13', 'python3'];
const VERSIONS = ['3.11', '3.12', '3.13'];
const INSTALL_TIMEOUT_MS = 600_000;

/**
 * The Python of an environment with Ray and what else the fabric needs, in our cache (`$XDG_CACHE_HOME/apwa`, else `~/.cache/apwa`);
 * made if it is not there. Callers at the same time are safe: it appears whole, by a rename.
 *
 * @throws PermanentError `ray_missing` with what to install.
 */
export const ensureRay = (log: Log = silent): Promise<string> => {
  pending ??= environment(`ray-${rayVersion()}`, requirements(), log).finally(() => (pending = undefined));
  return pending;
};
let pending: Promise<string> | undefined;

/** As `ensureRay`, with what checks the fabric's code beside it. */
export const ensureFabricTools = (log: Log = silent): Promise<string> =>
  ensureRayWith('fabric-tools', requirements('requirements-dev.txt'), log);

/** As `ensureRay`, with further packages in an environment of their own that sees Ray's: for programs that use Ray themselves. */
export const ensureRayWith = async (name: string, packages: readonly string[], log: Log = silent): Promise<string> =>
  environment(name, packages, log, await ensureRay(log));

/** Whether there is a Python that Ray could be installed for. */
export const hasPython = async (): Promise<boolean> => (await pythonHere()) !== null;

type Log = (line: string) => void;
const silent: Log = () => undefined;

/** Where programs that we fetched are kept: `$XDG_CACHE_HOME/apwa`, else `~/.cache/apwa`. */
export const cacheDir = (): string => join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'apwa');

/** Has an environment see the packages of another, which its argument names; pip is among them. */
const SEE =
  'import pathlib, sys; from sysconfig import get_path as path; pathlib.Path(path("purelib"), "below.pth").write_text(path("purelib", vars={"base": sys.argv[1]}))';

/** `below`: the Python of an environment whose packages are there already. */
const environment = async (name: string, wanted: readonly string[], log: Log, below?: string): Promise<string> => {
  const hash = createHash('sha256')
    .update([...wanted, ...(below ? [below] : [])].join('\n'))
    .digest('hex')
    .slice(0, 8);
  const folder = join(cacheDir(), `${name}-${hash}`);
  const python = join(folder, 'bin', 'python');
  if (await exists(python)) return python;
  const base = below ?? (await pythonHere());
  if (base === null) throw missing(`no Python ${VERSIONS.join(', ')} with venv was found`);
  await mkdir(cacheDir(), { recursive: true });
  const scratch = await mkdtemp(`${folder}.`);
  const own = join(scratch, 'bin', 'python');
  try {
    log(`Ray ${rayVersion()}: installing ${below ? 'what goes with it' : 'it'} into ${folder}`);
    await tried('make an environment for Ray', base, ['-m', 'venv', ...(below ? ['--without-pip'] : []), scratch]);
    if (below) await tried('make an environment over Ray', own, ['-c', SEE, dirname(dirname(below))]);
    await writeFile(join(scratch, 'requirements.txt'), wanted.join('\n'));
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', join(scratch, 'requirements.txt')];
    await tried('install Ray', own, pip);
    // Somebody else may have been faster: theirs is as good.
    await rename(scratch, folder).catch(() => undefined);
    return python;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
};

const pythonHere = async (): Promise<string | null> => {
  for (const candidate of PYTHONS) {
    const found = await run(candidate, ['-c', 'import sys, venv; print("%d.%d" % sys.version_info[:2])']).catch(() => null);
    if (found && VERSIONS.includes(found.stdout.trim())) return candidate;
  }
  return null;
};

const tried = async (what: string, command: string, args: string[]): Promise<void> => {
  try {
    await run(command, args, { timeout: INSTALL_TIMEOUT_MS, maxBuffer: 1 << 26 });
  } catch (thrown) {
    const { stderr, message } = thrown as { stderr?: string; message: string };
    throw missing(`could not ${what}: ${causeOf(stderr?.trim() ? stderr : message)}`);
  }
};

const missing = (why: string): PermanentError =>
  new PermanentError(
    'ray_missing',
    `no Ray: ${why}. Install Python ${VERSIONS.at(0)} to ${VERSIONS.at(-1)}, from where pip can fetch ray ${rayVersion()}`,
  );

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
