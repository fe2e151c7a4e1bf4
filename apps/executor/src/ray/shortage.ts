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

/**
 * What members of a pool wait for that have no node, in words; null if nothing of what they ask for is short. Names what no node has at
 * all before what all nodes have given away.
 */
export const shortageOf = (
  resources: Resources,
  { cluster, nodes, available }: Pick<FabricReport, 'cluster' | 'nodes' | 'available'>,
): string | null => {
  const asked = askedBy(resources);
  const tooLarge = asked.filter(({ kind, amount }) => !nodes.some(({ total }) => (total[kind] ?? 0) >= amount));
  if (tooLarge.length > 0) return `${inWords(tooLarge)}, and no node of cluster ${cluster} has as much (nodes: ${nodes.length})`;
  const taken = asked.filter(({ kind, amount }) => (available[kind] ?? 0) < amount);
  if (taken.length > 0) return `${inWords(taken)}, and cluster ${cluster} has none free (nodes: ${nodes.length})`;
  // All is there, but not on one node.
  return asked.length > 0 ? `${inWords(asked)} on one node of cluster ${cluster} (nodes: ${nodes.length})` : null;
};

/** Whether something of what is asked for is on no node, or taken. */
export const isShort = (resources: Resources, { nodes, available }: Pick<FabricReport, 'nodes' | 'available'>): boolean =>
  !fitsOneOf(resources, nodes) || askedBy(resources).some(({ kind, amount }) => (available[kind] ?? 0) < amount);

/** Whether a node has all that is asked for, whoever has it at present. */
export const fitsOneOf = (resources: Resources, nodes: FabricReport['nodes']): boolean =>
  nodes.some(({ total }) => askedBy(resources).every(({ kind, amount }) => (total[kind] ?? 0) >= amount));

const inWords = (asked: readonly { words: string }[]): string => asked.map(({ words }) => words).join(', ');
