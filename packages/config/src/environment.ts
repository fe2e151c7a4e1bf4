import { type Fault, pathOf } from '@apwa/contracts';
import { parse } from 'yaml';
import { type ConfigDocument, isObject } from './document.js';
import { kindOf, type Path, schemaAt } from './schema-tree.js';

const OVERRIDE = 'APWA__';
const REFERENCE = /\$(\$?)\{([^}]*)\}/g;
const NAME = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s;

/** Text of the environment as the value that the key at `path` takes: a key of digits stays text, a port becomes a number. */
const valueFor = (path: Path, text: string): unknown => {
  const schema = schemaAt(path);
  const kind = schema ? kindOf(schema) : 'string';
  if (kind === 'string' || kind === 'enum') return text;
  try {
    return parse(text) as unknown;
  } catch {
    return text;
  }
};

export interface Substituted {
  document: unknown;
  faults: Fault[];
  /** Paths whose values came from the environment, and stay out of errors. */
  paths: Set<string>;
}

/** Replaces `${NAME}` and `${NAME:-default}` in values by the environment's; `$${NAME}` stands for the text itself. */
export const substitute = (document: unknown, env: NodeJS.ProcessEnv): Substituted => {
  const faults: Fault[] = [];
  const paths = new Set<string>();

  const text = (value: string, path: Path): unknown => {
    const field = pathOf(path);
    let replaced = false;
    const result = value.replace(REFERENCE, (whole, escape: string, inside: string) => {
      if (escape) return whole.slice(1);
      const [, name, otherwise] = NAME.exec(inside) ?? [];
      if (!name) {
        faults.push({ field, message: `\${…} must hold the name of an environment variable; write $\${…} for the text itself` });
        return '';
      }
      replaced = true;
      const found = env[name] || otherwise;
      if (!found) faults.push({ field, message: `the environment variable ${name} is not set` });
      return found ?? '';
    });
    if (!replaced) return result;
    paths.add(field);
    return valueFor(path, result);
  };

  const walk = (value: unknown, path: Path): unknown => {
    if (typeof value === 'string') return text(value, path);
    if (Array.isArray(value)) return value.map((element, index) => walk(element, [...path, index]));
    if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, element]) => [key, walk(element, [...path, key])]));
    return value;
  };

  return { document: walk(document, []), faults, paths };
};

/** Sets what variables such as `APWA__models__small__baseUrl` say: two underscores for each step down. */
export const override = (document: ConfigDocument, env: NodeJS.ProcessEnv): Substituted => {
  const faults: Fault[] = [];
  const paths = new Set<string>();
  const root = structuredClone(document);
  for (const [variable, text] of Object.entries(env).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (!variable.startsWith(OVERRIDE) || text === undefined) continue;
    const path = variable
      .slice(OVERRIDE.length)
      .split('__')
      .map((segment) => (/^\d+$/.test(segment) ? Number(segment) : segment));
    if (path.includes('')) {
      faults.push({ field: variable, message: 'must be APWA__ and the names of keys with two underscores between them' });
      continue;
    }
    const stopped = setAt(root, path, valueFor(path, text));
    if (stopped) faults.push({ field: variable, message: stopped });
    else paths.add(pathOf(path));
  }
  return { document: root, faults, paths };
};

/** Sets a value deep inside; gives what stands in the way, if something does. */
const setAt = (root: ConfigDocument, path: Path, value: unknown): string | undefined => {
  let place: Record<string | number, unknown> = root;
  for (const [index, segment] of path.entries()) {
    if (Array.isArray(place) && (typeof segment !== 'number' || segment > place.length))
      return `${pathOf(path.slice(0, index))} is a list of ${place.length}: a number up to ${place.length} must follow`;
    if (index === path.length - 1) break;
    const next = Object.hasOwn(place, segment) ? place[segment] : undefined;
    if (next === undefined || next === null) {
      const after = path[index + 1];
      if (typeof after === 'number' && after > 0) return `${pathOf(path.slice(0, index + 1))} is empty: its first number is 0`;
      const created = typeof after === 'number' ? [] : {};
      define(place, segment, created);
      place = created;
    } else if (typeof next === 'object') place = next as Record<string | number, unknown>;
    else return `${pathOf(path.slice(0, index + 1))} holds a value, no keys`;
  }
  define(place, path.at(-1) ?? '', value);
  return undefined;
};

/** An own key whatever its name is, `__proto__` too. */
const define = (place: object, key: string | number, value: unknown): void => {
  Object.defineProperty(place, key, { value, enumerable: true, writable: true, configurable: true });
};
