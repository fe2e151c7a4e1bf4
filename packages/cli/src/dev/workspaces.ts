import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** A package or app of the repository. */
export interface Workspace {
  name: string;
  /** From the root: `apps/manager`. */
  folder: string;
  /** Names of those that it is built upon, directly. */
  dependencies: string[];
}

const Manifest = z.object({ name: z.string(), dependencies: z.record(z.string(), z.string()).default({}) });

/** All workspaces below a root. */
export const readWorkspaces = async (root: string): Promise<Workspace[]> => {
  const folders = await Promise.all(
    ['packages', 'apps'].map(async (group) =>
      (await readdir(join(root, group), { withFileTypes: true })).map(({ name }) => `${group}/${name}`),
    ),
  );
  const found = await Promise.all(
    folders.flat().map(async (folder) => {
      const text = await readFile(join(root, folder, 'package.json'), 'utf8').catch(() => null);
      if (text === null) return [];
      const { name, dependencies } = Manifest.parse(JSON.parse(text));
      return [{ name, folder, dependencies: Object.keys(dependencies) }];
    }),
  );
  const all = found.flat();
  const names = new Set(all.map(({ name }) => name));
  return all.map((one) => ({ ...one, dependencies: one.dependencies.filter((name) => names.has(name)) }));
};

/** The changed workspaces and all that are built upon them, however far. */
export const concernedBy = (changed: Iterable<string>, workspaces: Workspace[]): Set<string> => {
  const concerned = new Set(changed);
  for (const name of concerned) for (const { name: user, dependencies } of workspaces) if (dependencies.includes(name)) concerned.add(user);
  return concerned;
};
