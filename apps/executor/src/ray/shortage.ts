import { type FabricReport, type Resources } from '@apwa/contracts';

const MEBIBYTE = 1024 * 1024;

/** What a member asks for, by Ray's names for it and ours. */
const askedBy = ({ cpus, gpus, memoryMb, custom = {} }: Resources) =>
  [
    { kind: 'CPU', amount: cpus ?? 0, words: `${cpus} cpu` },
    { kind: 'GPU', amount: gpus ?? 0, words: `${gpus} gpu` },
    { kind: 'memory', amount: (memoryMb ?? 0) * MEBIBYTE, words: `${memoryMb} MB of memory` },
    ...Object.entries(custom).map(([kind, amount]) => ({ kind, amount, words: `${amount} ${kind}` })),
  ].filter(({ amount }) => amount > 0);

type Labels = Readonly<Record<string, string>>;

/**
 * What members of a pool wait for that have no node, in words; null if nothing of what they ask for is short. Names what no node has at
 * all before what all nodes have given away. Only nodes with the labels count.
 */
export const shortageOf = (
  resources: Resources,
  { cluster, nodes: all, available }: Pick<FabricReport, 'cluster' | 'nodes' | 'available'>,
  labels: Labels = {},
): string | null => {
  const asked = askedBy(resources);
  const nodes = all.filter((node) => Object.entries(labels).every(([key, value]) => node.labels[key] === value));
  const named = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  if (nodes.length === 0 && named.length > 0)
    return `a node with ${named.join(', ')}, and cluster ${cluster} has none (nodes: ${all.length})`;
  const tooLarge = asked.filter(({ kind, amount }) => !nodes.some(({ total }) => (total[kind] ?? 0) >= amount));
  const place = named.length > 0 ? `cluster ${cluster} with ${named.join(', ')}` : `cluster ${cluster}`;
  if (tooLarge.length > 0) return `${inWords(tooLarge)}, and no node of ${place} has as much (nodes: ${nodes.length})`;
  const taken = asked.filter(({ kind, amount }) => (available[kind] ?? 0) < amount);
  if (taken.length > 0) return `${inWords(taken)}, and cluster ${cluster} has none free (nodes: ${nodes.length})`;
  // All is there, but not on one node.
  return asked.length > 0 ? `${inWords(asked)} on one node of ${place} (nodes: ${nodes.length})` : null;
};

/** Whether something of what is asked for is on no node, or taken. */
export const isShort = (resources: Resources, { nodes, available }: Pick<FabricReport, 'nodes' | 'available'>): boolean =>
  !fitsOneOf(resources, nodes) || askedBy(resources).some(({ kind, amount }) => (available[kind] ?? 0) < amount);

/** Whether a node has all that is asked for, whoever has it at present. */
export const fitsOneOf = (resources: Resources, nodes: FabricReport['nodes']): boolean =>
  nodes.some(({ total }) => askedBy(resources).every(({ kind, amount }) => (total[kind] ?? 0) >= amount));

const inWords = (asked: readonly { words: string }[]): string => asked.map(({ words }) => words).join(', ');
