import { newShard } from '../ledger.js';
import { type ChildRange } from '../ledger-types.js';
import { divide } from '../suspicion.js';
import { commitOf, holds, withoutPart, withShard, type Step } from './transitions.js';
import { rowsOf, shardOfToken, type Size, type World } from './world.js';

/** What the executor does by itself, and what happens to it and to NATS. */
export const executorSteps = (world: World, size: Size, steps: Step[]): void => {
  if (size.poison) suspicionSteps(world, size, steps);
  leaseSteps(world, size, steps);
  collectorSteps(world, size, steps);
  journalSteps(world, size, steps);
  commitSteps(world, size, steps);
  growthSteps(world, size, steps);
};

/** Deaths that a supervisor sees, and shards that are divided for them, by what the journal holds or without it. */
const suspicionSteps = (world: World, size: Size, steps: Step[]): void => {
  const living = new Set(world.members.map(({ boot }) => String(boot)));
  const active = world.shards.flatMap(({ ledger }) => ledger.attempts.filter(({ state }) => state === 'active'));
  for (const dead of new Set(active.map(({ member }) => member).filter((member) => !living.has(member)))) {
    const event = { kind: 'member_died', member: dead, crashed: true } as const;
    const seen = world.shards.reduce((next, _, shard) => withShard(next, shard, event, size)[0], world);
    steps.push([`member ${dead} is seen dead`, seen, false]);
  }
  world.shards.forEach(({ ledger, origin }, shard) => {
    if (ledger.state !== 'open' || ledger.suspicion !== 'divide') return;
    const missing = rowsOf(ledger).filter((row) => !((world.journals[origin] ?? 0) & (1 << row)));
    const divided = (rows: number[] | null) => splitInto(world, shard, divide(ledger.range, rows, size.rules), size);
    const next = divided(missing);
    if (next) steps.push([`shard ${shard} is divided`, next, false]);
    const blind = divided(null);
    if (blind && world.faults < size.faults)
      steps.push([`! shard ${shard} is divided, its journal unread`, { ...blind, faults: world.faults + 1 }, true]);
  });
};

/** Null if the shard may not be split now. */
const splitInto = (world: World, shard: number, ranges: readonly ChildRange[], size: Size): World | null => {
  const parent = world.shards[shard];
  const [split, effects] = withShard(world, shard, { kind: 'split', ranges }, size);
  const created = effects.find((effect) => effect.kind === 'create_children');
  if (!parent || !created) return null;
  const { origin, ledger } = parent;
  const children = created.ranges.map((range) => ({ ledger: newShard(range, ledger.generation, range.suspicion), origin }));
  return { ...split, shards: [...split.shards, ...children] };
};

/** A holder that is down or stopped can't renew; for one that is up it is a fault: a partition, a blocked loop. */
const leaseSteps = (world: World, size: Size, steps: Step[]): void => {
  world.shards.forEach(({ ledger }, shard) => {
    for (const attempt of ledger.attempts) {
      if (attempt.state !== 'active') continue;
      const { token } = attempt;
      if (!attempt.leased) {
        const [revoked, effects] = withShard(world, shard, { kind: 'expire', token, crashed: false }, size);
        if (effects.length > 0) steps.push([`sweeper revokes ${token}`, revoked, false]);
        continue;
      }
      const m = world.members.findIndex(({ hold }) => hold?.token === token);
      const unseen = size.poison && !world.members.some(({ boot }) => String(boot) === attempt.member);
      const living = world.members[m]?.life === 'up' || unseen;
      if (living && world.faults >= size.faults) continue;
      const attempts = ledger.attempts.map((a) => (a.token === token ? { ...a, leased: false } : a));
      const shards = world.shards.with(shard, { ...(world.shards[shard] as World['shards'][number]), ledger: { ...ledger, attempts } });
      const members = world.members.map((member, i) =>
        i === m && member.hold ? { ...member, hold: { ...member.hold, fresh: false } } : member,
      );
      steps.push([
        `${living ? '! ' : ''}lease ${token} runs out`,
        { ...world, shards, members, faults: world.faults + (living ? 1 : 0) },
        living,
      ]);
    }
  });
};

const collectorSteps = (world: World, size: Size, steps: Step[]): void => {
  for (const [name, part] of Object.entries(world.parts)) {
    const [, effects] = withShard(world, shardOfToken(world, part.token), { kind: 'collect_due', token: part.token }, size);
    const found = effects.find((effect) => effect.kind === 'delete_parts');
    if (found && found.keep !== name) steps.push([`collector removes ${name}`, withoutPart(world, name), false]);
  }
};

const journalSteps = (world: World, size: Size, steps: Step[]): void => {
  const origins = Object.entries(world.journals).filter(([, rows]) => rows > 0);
  for (const [key] of origins) {
    const origin = Number(key);
    const family = world.shards.flatMap((shard, i) => (shard.origin === origin ? [i] : []));
    const openRelatives = family.filter((i) => world.shards[i]?.ledger.state === 'open').length;
    const [, effects] = withShard(world, family[0] ?? 0, { kind: 'purge_due', openRelatives }, size);
    if (!effects.some(({ kind }) => kind === 'purge_journal')) continue;
    const [purged] = withShard(
      { ...world, journals: { ...world.journals, [origin]: 0 } },
      family[0] ?? 0,
      { kind: 'journal_purged' },
      size,
    );
    steps.push(['sweeper purges the journal', purged, false]);
  }
  if (origins.length > 0 && world.faults < size.faults)
    steps.push(['! NATS comes back empty', { ...world, journals: {}, incarnation: world.incarnation + 1, faults: world.faults + 1 }, true]);
};

/** The second half of a commit: the transition, fenced by the epoch. Without two executors commits are one step. */
const commitSteps = (world: World, size: Size, steps: Step[]): void => {
  const faults = world.faults < size.faults;
  for (const commit of world.commits) {
    const rest: World = { ...world, commits: world.commits.filter((other) => other !== commit) };
    const asker = world.members.findIndex(({ hold }) => hold?.token === commit.token);
    const hold = world.members[asker]?.hold;
    const answerable = hold && world.members[asker]?.life === 'up' && hold.state.phase === 'committing';
    if (commit.epoch !== world.epoch) {
      steps.push([`an old executor's commit of ${commit.token} is fenced`, rest, false]);
      continue;
    }
    const [done, answer] = commitOf(rest, shardOfToken(world, commit.token), commit.token, commit.write, commit.found, size);
    const told = answerable ? holds(done, asker, hold, { kind: 'commit_answered', answer }, size)[0] : done;
    steps.push([`the commit of ${commit.token} is decided`, told, false]);
    if (answerable && faults)
      steps.push([`! the commit of ${commit.token} is decided, reply lost`, { ...done, faults: done.faults + 1 }, true]);
  }
  if (size.executors === 2 && faults)
    steps.push(['! another executor takes over', { ...world, epoch: world.epoch + 1, faults: world.faults + 1 }, true]);
};

/** Splits, further generations, and the end by a person's word. */
const growthSteps = (world: World, size: Size, steps: Step[]): void => {
  world.shards.forEach(({ ledger }, shard) => {
    const { first, last } = ledger.range;
    if (world.splits >= size.splits || last === first || ledger.attempts.length === 0) return;
    const middle = Math.floor((first + last) / 2);
    const next = splitInto(
      world,
      shard,
      [
        { first, last: middle, suspicion: 'none' },
        { first: middle + 1, last, suspicion: 'none' },
      ],
      size,
    );
    if (next) steps.push([`shard ${shard} is split`, { ...next, splits: world.splits + 1 }, false]);
  });
  if (world.redrives < size.redrives && world.shards.every(({ ledger }) => ledger.state !== 'open')) {
    const redriven = { ledger: newShard({ first: 0, last: size.rows - 1 }, world.redrives + 1), origin: world.shards.length };
    steps.push(['the stage is redriven', { ...world, shards: [...world.shards, redriven], redrives: world.redrives + 1 }, false]);
  }
  if (size.cancels && world.shards.some(({ ledger }) => ledger.stage === 'running' && ledger.state === 'open')) {
    const cancelled = world.shards.reduce(
      (next, _, shard) => withShard(next, shard, { kind: 'stage_ended', stage: 'cancelled' }, size)[0],
      world,
    );
    steps.push(['the stage is cancelled', cancelled, false]);
  }
};
