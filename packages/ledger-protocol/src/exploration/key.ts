import { type LedgerShard } from '../ledger-types.js';
import { type Hold, type Size, type World } from './world.js';

const PHASES = { reading: 'r', working: 'w', writing: 'p', committing: 'c', done: 'd', dropped: 'x' } as const;
const LIVES = { up: 'u', down: 'd', stopped: 's' } as const;

/**
 * A text that two worlds share if nothing can tell them apart from here on: attempts that nobody remembers are left out, tokens
 * are counted by age, members and rows are put in order, and of the journals only what a reader would find is kept.
 */
export const keyOf = (world: World, size: Size): string => {
  const names = new Map<string, number>();
  const named = (token: string) => {
    let name = names.get(token);
    if (name === undefined) names.set(token, (name = names.size));
    return name;
  };
  const remembered = new Set<string>();
  for (const { hold } of world.members) if (hold) remembered.add(hold.token);
  for (const name in world.parts) remembered.add((world.parts[name] as World['parts'][string]).token);
  for (const commit of world.commits) remembered.add(commit.token);

  let text = '';
  const owned = world.members.map(() => '');
  for (const { ledger, origin } of world.shards) {
    text += `${ledger.state[0]}${ledger.stage[0]}${ledger.range.first}${ledger.range.last}${ledger.generation}${origin}`;
    if (!size.rules.has('purge-again') && ledger.purged) text += '!';
    if (size.poison) text += `${ledger.suspicion[0]}${crashKey(ledger)}`;
    if (ledger.part) text += ledger.part.key in world.parts ? 'n' : 'm';
    for (const attempt of ledger.attempts) {
      const active = attempt.state === 'active';
      if (attempt.state === 'revoked' && !remembered.has(attempt.token)) continue;
      const name = named(attempt.token);
      text += `${attempt.state[0]}${attempt.leased ? '+' : '-'}${attempt.alone ? '1' : ''}${name}`;
      if (!active) continue;
      for (let m = 0; m < owned.length; m++) if (String(world.members[m]?.boot) === attempt.member) owned[m] += String(name);
    }
    text += '|';
  }
  const members = world.members.map(({ life, hold }, m) => LIVES[life] + owned[m] + (hold ? holdKey(hold, named(hold.token), world) : ''));
  text += `${members.sort().join(',')}|`;
  for (const name in world.parts) {
    const part = world.parts[name] as World['parts'][string];
    text += `${isCurrent(world, part) ? '=' : '<'}${isNamed(world, name) ? 'n' : ''}${named(part.token)};`;
  }
  for (const commit of world.commits)
    text += `c${named(commit.token)}${isCurrent(world, commit) ? '=' : '<'}${commit.found ? 1 : 0}${commit.epoch === world.epoch ? 1 : 0}`;
  const counts = `${world.faults}${world.seconds}${world.splits}${world.redrives}c${world.crashes}${world.wasted ? 'W' : ''}${world.late ? 'L' : ''}`;
  return `${text}${rowKeys(world, size, named)}|${counts}`;
};

/** Of the attempts that nobody remembers, crashes count all the same. */
const crashKey = ({ attempts }: LedgerShard): string => {
  const crashed = attempts.filter(({ ended }) => ended === 'crashed');
  return `${crashed.length}${crashed.filter(({ alone }) => alone).length}`;
};

const holdKey = ({ state, fresh, shard, condemned }: Hold, name: number, world: World): string =>
  `${PHASES[state.phase]}${name}s${shard}${condemned ? '!' : ''}${fresh ? '+' : '-'}${state.incarnation === world.incarnation ? '' : '?'}`;

/** Which of its writes a holder is at does not matter, only what is of the present one. */
const isCurrent = (world: World, { token, write }: { token: string; write: number }): boolean =>
  world.members.some(({ hold }) => hold?.token === token && hold.state.writes === write);
const isNamed = (world: World, name: string): boolean => world.shards.some(({ ledger }) => ledger.part?.key === name);

/** All that is known of each row. Rows of one shard are alike: which is which matters only after a split, and where one of them kills. */
const rowKeys = (world: World, size: Size, named: (token: string) => number): string => {
  const holds = world.members.flatMap(({ hold }) => (hold ? [hold] : [])).sort((a, b) => named(a.token) - named(b.token));
  const keys = world.calls.map((calls, row) => {
    const bit = 1 << row;
    let key = `,${calls}`;
    for (const { rows, known } of holds)
      key += String.fromCharCode(
        97 +
          (rows.answered(row) ? 1 : 0) +
          (rows.inFlight(row) ? 2 : 0) +
          (rows.said(row) ? 4 : 0) +
          (known & bit && !rows.answered(row) ? 8 : 0),
      );
    for (const name in world.parts) key += (world.parts[name] as World['parts'][string]).rows & bit ? 'p' : '-';
    for (const origin in world.journals) if ((world.journals[origin] ?? 0) & bit) key += `j${origin}`;
    return key;
  });
  return (world.splits > 0 || size.poison ? keys : keys.sort()).join('');
};
