import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InternalError } from '@apwa/contracts';
import { zipSync } from 'fflate';

/** As the monorepo and the images lay it out. */
export const FABRIC_FOLDER = fileURLToPath(new URL('../../../infra/ray/fabric', import.meta.url));
const PACKAGE = 'apwa_fabric';

/** The packages that every node has, or those that its own checks need beside them; each with its version. */
export const requirements = (file: 'requirements.txt' | 'requirements-dev.txt' = 'requirements.txt'): string[] =>
  readSource(file)
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'));

/** The version of Ray that is driven; another one is refused. */
export const rayVersion = (): string => {
  const version = requirements().flatMap((line) => /^ray(?:\[.*\])?==(\S+)$/.exec(line)?.[1] ?? [])[0];
  if (!version) throw new InternalError('no_ray_version', `${FABRIC_FOLDER}/requirements.txt does not pin Ray.`);
  return version;
};

export interface FabricPackage {
  /** As Ray knows it, by its content: `gcs://_ray_pkg_….zip`. */
  readonly uri: string;
  readonly zip: Uint8Array;
}

/** The fabric's Python code as Ray takes it for a working directory. The same code is the same package. */
export const packFabric = (): FabricPackage => {
  const files = readdirSync(join(FABRIC_FOLDER, PACKAGE))
    .filter((name) => name.endsWith('.py'))
    .sort();
  const entries = files.map((name) => [`${PACKAGE}/${name}`, readFileSync(join(FABRIC_FOLDER, PACKAGE, name))] as const);
  // The first time that the format can hold, so that packages differ by their content alone.
  const zip = zipSync(Object.fromEntries(entries), { mtime: new Date(1980, 0, 1) });
  const hash = createHash('sha256');
  for (const [name, content] of entries) hash.update(`${name}\0${content.length}\0`).update(content);
  return { uri: `gcs://_ray_pkg_${hash.digest('hex').slice(0, 32)}.zip`, zip };
};

const readSource = (name: string): string => {
  const path = join(FABRIC_FOLDER, name);
  if (!existsSync(path)) throw new InternalError('no_fabric', `${path} is not there.`);
  return readFileSync(path, 'utf8');
};
