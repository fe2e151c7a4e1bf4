import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isAlive, tempDir, type TempDir } from '@apwa/test-kit';

const MEMBER = fileURLToPath(new URL('member.mjs', import.meta.url));

export type MemberMode = 'serve' | 'deaf' | 'broken' | 'parent' | 'greedy';

/** Where the members of `member.mjs` are told how to behave, and tell who they are. */
export class MemberFolder {
  private constructor(private readonly folder: TempDir) {}

  static async create(): Promise<MemberFolder> {
    return new MemberFolder(await tempDir('pools'));
  }

  get path(): string {
    return this.folder.path;
  }

  /** What starts a member. */
  get command(): [string, ...string[]] {
    return [process.execPath, MEMBER, this.path];
  }

  /** How members behave that are started from now on. */
  behave(mode: MemberMode): void {
    writeFileSync(join(this.path, 'mode'), mode);
  }

  /** Those that are ready and alive: process id by instance. */
  living(): Map<string, number> {
    return new Map(this.pids('pid').filter(([, pid]) => isAlive(pid)));
  }

  /** What members have started, by their instance, dead or alive. */
  children(): Map<string, number> {
    return new Map(this.pids('child'));
  }

  /** Instances that ended in order. */
  drained(): string[] {
    return this.named('drained');
  }

  remove(): Promise<void> {
    return this.folder.remove();
  }

  private pids(ending: string): [string, number][] {
    return this.named(ending).map((instance) => [instance, Number(readFileSync(join(this.path, `${instance}.${ending}`), 'utf8'))]);
  }

  private named(ending: string): string[] {
    const names = readdirSync(this.path).filter((name) => name.endsWith(`.${ending}`));
    return names.map((name) => name.slice(0, -ending.length - 1));
  }
}
