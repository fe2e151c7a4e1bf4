import { createHash } from 'node:crypto';
import { chown, cp, lstat, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PermanentError } from '@apwa/contracts';

/** PostgreSQL refuses to run as root: there it runs as this user. */
export interface ServerUser {
  uid: number;
  gid: number;
}

/** A user of the system that PostgreSQL may run as, or null if it may run as who we are. */
export const serverUser = async (): Promise<ServerUser | null> => {
  if (process.getuid?.() !== 0) return null;
  const users = new Map(
    (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => {
      const [name, , uid, gid] = line.split(':');
      return [name, { uid: Number(uid), gid: Number(gid) }] as const;
    }),
  );
  const user = users.get('postgres') ?? users.get('nobody');
  if (!user) throw new PermanentError('no_user', 'PostgreSQL does not run as root, and there is no user postgres or nobody to run it as');
  return user;
};

/** Where root's own folders (a home, `mkdtemp`) are closed to other users, what that user needs stands below here. */
const OPEN_FOLDER = '/var/tmp';

/** Whether the user can get to a path: every folder above it lets it pass. */
const canReach = async (path: string, { uid, gid }: ServerUser): Promise<boolean> => {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const found = await stat(folder);
    const bit = found.uid === uid ? 0o100 : found.gid === gid ? 0o010 : 0o001;
    if (!(found.mode & bit)) return false;
    if (folder === dirname(folder)) return true;
  }
};

/** A folder of the user's own for `path`: there, or, where the user can't get there, one of the same meaning below /var/tmp. */
export const folderFor = async (path: string, user: ServerUser | null): Promise<string> => {
  if (!user) {
    await mkdir(path, { recursive: true, mode: 0o700 });
    return path;
  }
  await mkdir(dirname(path), { recursive: true });
  const place = (await canReach(path, user)) ? path : await dataPlace(path);
  await mkdir(place, { recursive: true, mode: 0o700 });
  await chown(place, user.uid, user.gid);
  return place;
};

/** The same files where the user can read them: as they are, or a copy below /var/tmp, made once. */
export const readableFor = async (root: string, mark: string, user: ServerUser | null): Promise<string> => {
  if (!user || (await canReach(join(root, 'bin'), user))) return root;
  const copy = await openPlace('program', `${root}\0${mark}`);
  if (await stat(join(copy, 'bin')).catch(() => null)) return copy;
  const scratch = `${copy}.${process.pid}`;
  await cp(root, scratch, { recursive: true, verbatimSymlinks: true });
  await rename(scratch, copy).catch(async () => rm(scratch, { recursive: true })); // another process was faster
  return copy;
};

/** A place for the data of a folder. What belongs to folders that were removed since is cleared away. */
const dataPlace = async (path: string): Promise<string> => {
  const place = await openPlace('data', path);
  const base = dirname(place);
  for (const name of (await readdir(base)).filter((entry) => entry.endsWith(OWNER_SUFFIX))) {
    const owner = await readFile(join(base, name), 'utf8').catch(() => '');
    if (!owner || (await stat(dirname(owner)).catch(() => null))) continue;
    await rm(join(base, name.slice(0, -OWNER_SUFFIX.length)), { recursive: true, force: true });
    await rm(join(base, name), { force: true });
  }
  await writeFile(`${place}${OWNER_SUFFIX}`, path);
  return place;
};

/** A file beside the data says which folder they stand for. */
const OWNER_SUFFIX = '.belongs-to';

/** A place below a folder that only root can have made: others may write to /var/tmp too. */
const openPlace = async (kind: string, meaning: string): Promise<string> => {
  const base = join(OPEN_FOLDER, 'apwa-postgres');
  await mkdir(base, { mode: 0o711 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  const found = await lstat(base);
  if (!found.isDirectory() || found.uid !== 0 || found.mode & 0o022) {
    throw new PermanentError('unsafe_folder', `${base} is not a folder that only root may write to`);
  }
  return join(base, `${kind}-${createHash('sha256').update(meaning).digest('hex').slice(0, 16)}`);
};
