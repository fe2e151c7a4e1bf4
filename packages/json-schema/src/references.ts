import { type JsonSchema } from '@apwa/contracts';
import { isObject, keysOf, type Node, walk } from './nodes.js';

/** Finds what a `$ref` of the document names. */
export interface References {
  /** A name of its own for what is referred to; undefined if it is not inside of the document. */
  pointerOf(reference: string): string | undefined;
  at(pointer: string): Node | undefined;
}

const decode = (fragment: string): string => {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return fragment;
  }
};

/** The references of a document: by JSON pointer (`#/$defs/a`) or `$anchor` (`#a`), with or without the document's own `$id`. */
export const referencesOf = (root: JsonSchema): References => {
  const anchors = new Map<string, string>();
  walk(root, (node, path) => {
    if (typeof node.$anchor === 'string')
      anchors.set(node.$anchor, path.map((key) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`).join(''));
  });
  const id = typeof root.$id === 'string' ? root.$id.replace(/#$/, '') : undefined;

  const at = (pointer: string): Node | undefined => {
    let place: unknown = root;
    for (const key of keysOf(pointer)) {
      if (typeof place !== 'object' || place === null || !Object.hasOwn(place, key)) return undefined;
      place = (place as Record<string, unknown>)[key];
    }
    return isObject(place) || typeof place === 'boolean' ? place : undefined;
  };
  const pointerOf = (reference: string): string | undefined => {
    const local = id && reference.startsWith(id) ? reference.slice(id.length) || '#' : reference;
    if (!local.startsWith('#')) return undefined;
    const fragment = decode(local.slice(1));
    const pointer = fragment === '' || fragment.startsWith('/') ? fragment : anchors.get(fragment);
    return pointer !== undefined && at(pointer) !== undefined ? pointer : undefined;
  };
  return { pointerOf, at };
};
