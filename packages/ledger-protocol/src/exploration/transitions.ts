import { holder } from '../holder.js';
import { type HolderEffect, type HolderEvent } from '../holder-types.js';
import { decide } from '../ledger.js';
import { type LedgerEffect, type LedgerEvent } from '../ledger-types.js';
import { partName, type Hold, type MemberWorld, type Size, type World } from './world.js';

/** A label, the world after the step, and whether the step spends a fault. */
export type Step = readonly [label: string, world: World, fault: boolean];

export const withShard = (world: World, shard: number, event: LedgerEvent, size: Size): readonly [World, readonly LedgerEffect[]] => {
  const of = world.shards[shard];
  if (!of) throw new Error(`no shard ${shard}`);
  const { state, effects } = decide(of.ledger, event, size.rules);
  if (state === of.ledger) return [world, effects];
  return [{ ...world, shards: world.shards.with(shard, { ...of, ledger: state }) }, effects];
};

export const withMember = (world: World, m: number, member: MemberWorld): World => ({ ...world, members: world.members.with(m, member) });

/** The holder decides; its effects change the rows, and the attempt is forgotten when it is over. */
export const holds = (world: World, m: number, hold: Hold, event: HolderEvent, size: Size): readonly [World, readonly HolderEffect[]] => {
  const { state, effects } = holder(hold.state, event, hold.rows, size.rules);
  const rows = effects.length > 0 ? hold.rows.clone() : hold.rows;
  if (effects.length > 0) rows.apply(effects);
  const member = world.members[m] as MemberWorld;
  let next = withMember(world, m, {
    ...member,
    hold: state.phase === 'done' || state.phase === 'dropped' ? null : { ...hold, state, rows },
  });
  if (effects.some(({ kind }) => kind === 'delete_part')) next = withoutPart(next, partName(hold.token, state.writes, size.rules));
  return [next, effects];
};

export const withoutPart = (world: World, name: string): World => {
  const { [name]: _gone, ...parts } = world.parts;
  return { ...world, parts };
};

export const commitOf = (world: World, shard: number, token: string, write: number, found: boolean, size: Size) => {
  const part = { key: partName(token, write, size.rules), bytes: 1, sha256: '' };
  const [done, effects] = withShard(world, shard, { kind: 'commit', token, part, found }, size);
  const answered = effects.find((effect) => effect.kind === 'commit_answer');
  if (!answered) throw new Error('a commit is always answered');
  return [done, answered.answer] as const;
};
