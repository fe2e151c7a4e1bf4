import { type ShardRange } from '@apwa/contracts';
import { createHash } from 'node:crypto';

/** A number from 0 to below 1 that is the same whenever it is asked for. */
const fraction = (seed: string): number => createHash('sha256').update(seed).digest().readUInt32BE(0) / 2 ** 32;

/**
 * Rows of a table for a sample: one from each of as many stretches of equal length, somewhere in it, so that they are spread over the
 * table and follow no rhythm that it may have. The same of a table of the same size, whenever they are chosen. All where there are no more.
 */
export const chosenRows = (total: number, count: number): ShardRange[] => {
  if (total === 0) return [];
  if (total <= count) return [{ first: 0, last: total - 1 }];
  return Array.from({ length: count }, (_, index) => {
    const [first, next] = [Math.floor((index * total) / count), Math.floor(((index + 1) * total) / count)];
    const row = first + Math.floor(fraction(`${total}/${count}/${index}`) * (next - first));
    return { first: row, last: row };
  });
};
