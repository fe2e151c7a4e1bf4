import type { PoolReport } from '@apwa/contracts';
import { duration, number } from './format.js';

const HEADINGS = ['POOL', 'BACKEND', 'MEMBERS', 'WANTED', 'RANGE', 'SLOTS USED', 'BACKLOG', 'MEMORY'];
const STATES = ['running', 'placing', 'starting', 'draining', 'restarting'] as const;

/** `2 running, 1 starting`: states that some are in. */
const membersText = (members: PoolReport['members']): string =>
  STATES.flatMap((state) => (members[state] > 0 ? [`${number(members[state])} ${state}`] : [])).join(', ') || 'none';

const rangeText = ({ min, max }: PoolReport): string => (min === null || max === null ? 'any' : min === max ? `${min}` : `${min}–${max}`);

/** Rows of cells, headings first. */
export const poolRows = (pools: readonly PoolReport[]): string[][] => [
  HEADINGS,
  ...pools.map((pool) => [
    pool.name,
    pool.backend,
    membersText(pool.members),
    pool.wanted === null ? '' : number(pool.wanted),
    rangeText(pool),
    `${number(pool.slots.used)} of ${number(pool.slots.total)}`,
    number(pool.backlog),
    pool.largestMb === null ? '' : `${number(pool.largestMb)} MB`,
  ]),
];

/** What is wrong with a pool, or was: lines for a person. */
export const poolNotes = ({ name, waiting, crashLoop, lastEnd }: PoolReport, now: number): string[] => {
  if (crashLoop) {
    const wait = Math.max(0, Date.parse(crashLoop.nextStartAt) - now);
    return [
      `${name}: members end at their start, ${number(crashLoop.ends)} times in a row; the next one is started in ${duration(wait)}`,
      `  ${crashLoop.reason}`,
      ...crashLoop.lastLines.map((line) => `  | ${line}`),
    ];
  }
  const ended =
    lastEnd && `${name}: the last member that ended badly did so ${duration(now - Date.parse(lastEnd.at))} ago: ${lastEnd.reason}`;
  return [...(waiting ? [`${name}: ${waiting}`] : []), ...(ended ? [ended] : [])];
};
