import { execFile } from 'node:child_process';
import { mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Room for the parts of some rounds. */
const MEGABYTES = 512;
const BALLAST = '.ballast';

/** Where parts are: a disk of its own that can be filled, where this process may mount one; else a folder. */
export class Disk {
  private constructor(
    readonly path: string,
    /** It can be filled without harm to anybody else. */
    readonly fillable: boolean,
  ) {}

  static async open(path: string): Promise<Disk> {
    await mkdir(path, { recursive: true });
    const mounted = await run('mount', ['-t', 'tmpfs', '-o', `size=${MEGABYTES}m`, 'apwa-soak', path]).then(
      () => true,
      () => false,
    );
    return new Disk(path, mounted);
  }

  get url(): string {
    return pathToFileURL(join(this.path, 'storage')).href;
  }

  /** Not a byte is left. */
  async fill(): Promise<void> {
    if (!this.fillable) throw new Error('Nobody but root can mount a disk that may be filled.');
    for (let { bavail, bsize } = await statfs(this.path), piece = 0; bavail > 0; { bavail, bsize } = await statfs(this.path), piece++)
      await writeFile(join(this.path, `${BALLAST}-${piece}`), Buffer.alloc(bavail * bsize)).catch(() => undefined);
  }

  async free(): Promise<void> {
    for (let piece = 0; piece < 10; piece++) await rm(join(this.path, `${BALLAST}-${piece}`), { force: true });
  }

  async close(): Promise<void> {
    if (this.fillable) await run('umount', ['-l', this.path]);
  }
}
