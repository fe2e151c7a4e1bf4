import { existsSync, watch, type FSWatcher } from 'node:fs';
import { join, sep } from 'node:path';
import type { Workspace } from './workspaces.js';

/** An editor writes a file in several steps, and a checkout writes many: what comes within this time, in ms, is one change. */
const SETTLE_MS = 200;
const WATCHED = ['src', 'prisma'];

/** Tests are no part of what is built, and what a build generates is no change. */
export const isSource = (path: string): boolean =>
  !path.split(sep).includes('generated') && !/\.spec\.ts$/.test(path) && /\.(ts|json|sql|prisma)$/.test(path);

/** Calls back with the names of workspaces whose sources have changed. */
export const watchSources = (root: string, workspaces: Workspace[], onChange: (names: string[]) => void): { close(): void } => {
  const changed = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  const settle = () => {
    const names = [...changed];
    changed.clear();
    onChange(names);
  };
  const note = (name: string, path: string | null) => {
    if (path === null || !isSource(path)) return;
    changed.add(name);
    clearTimeout(timer);
    timer = setTimeout(settle, SETTLE_MS);
  };
  const watchers: FSWatcher[] = workspaces.flatMap(({ name, folder }) =>
    WATCHED.map((part) => join(root, folder, part))
      .filter((path) => existsSync(path))
      .map((path) => watch(path, { recursive: true }, (_, file) => note(name, file))),
  );
  return {
    close: () => {
      clearTimeout(timer);
      for (const watcher of watchers) watcher.close();
    },
  };
};
