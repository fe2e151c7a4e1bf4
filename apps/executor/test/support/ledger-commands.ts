import { type ErrorPayload, newLeaseToken } from '@apwa/contracts';
import { activeOf, type ChildRange } from '@apwa/ledger-protocol';
import { expect } from '@jest/globals';
import fc from 'fast-check';
import { MEMBER_SLOTS, newMember } from './ledger-bench.js';
import { type LedgerModel, type ModelAttempt } from './ledger-model.js';
import { type Real } from './ledger-real.js';
import { submitAgain, submitNew } from './ledger-submissions.js';

type Command = fc.AsyncCommand<LedgerModel, Real, true>;
type Run = (model: LedgerModel, real: Real) => Promise<void>;
const FAULT: ErrorPayload = { code: 'unauthorized', class: 'permanent', message: 'The key is wrong.' };

/** What each command needs to make sense; and after each, all rows are compared. */
const command = (name: string, check: (model: Readonly<LedgerModel>) => boolean, run: Run): Command => ({
  check: (model) => Promise.resolve(check(model)),
  run: async (model, real) => {
    await run(model, real);
    await real.watch.check(model);
  },
  toString: () => name,
});
const always = (): boolean => true;
const hasAttempts = ({ attempts }: Readonly<LedgerModel>): boolean => attempts.length > 0;
const hasStages = ({ stages }: Readonly<LedgerModel>): boolean => stages.length > 0;
const hasMembers = ({ members }: Readonly<LedgerModel>): boolean => members.size > 0;

const pick = <T>(list: readonly T[], n: number): T => list[n % list.length] as T;
const memberOf = ({ members }: LedgerModel, n: number): string => pick([...members.keys()], n);
/** Attempts that are active are of more interest than the many that are over. */
const attemptOf = (model: LedgerModel, n: number): ModelAttempt => {
  const active = model.attempts.filter((one) => model.isActive(one));
  return pick(n % 3 > 0 && active.length > 0 ? active : model.attempts, n);
};
const unknownMember = { code: 'unknown_member' };

export const join: Run = async (model, { bench }) => {
  const { id, instance } = newMember();
  await bench.join(id, instance);
  model.members.set(id, { instance, state: 'running' });
};

export const claim = async (model: LedgerModel, { bench }: Real, memberId: string, freeSlots: number): Promise<void> => {
  const state = model.members.get(memberId)?.state;
  const claimed = bench.claims.claim({ memberId, freeSlots, lane: 'standard', saturated: [] });
  if (state === 'failed') return expect(claimed).rejects.toMatchObject(unknownMember);
  const { assignments, more } = await claimed;
  let free = freeSlots;
  for (const { shardId, token, slots, attempt, range, handling } of assignments) {
    const turn = model.turn(free, memberId);
    expect({ shardId, slots, range }).toEqual(turn && { shardId: turn.shard.id, slots: turn.slots, range: turn.shard.shard.range });
    if (turn) expect(model.claimed(turn, token, memberId)).toEqual([{ kind: 'assigned', token, number: attempt, handling }]);
    free -= slots;
  }
  expect(state === 'running' && free > 0 ? model.turn(free, memberId) : null).toBeNull();
  expect(more).toBe(free === 0);
};

export type CommitWay = 'right' | 'missing' | 'wrong' | 'again' | 'stranger' | 'foreign';

export const commit = async (model: LedgerModel, { bench, parts }: Real, attempt: ModelAttempt, way: CommitWay): Promise<void> => {
  const held = way === 'stranger' ? { ...attempt, token: newLeaseToken() } : attempt;
  const before = way === 'again' ? parts.get(attempt.token) : undefined;
  const found = way !== 'missing' && way !== 'wrong';
  const written = before ?? (await bench.part(held, attempt.range, way !== 'missing'));
  const part = way === 'wrong' ? { ...written, sha256: 'f'.repeat(64) } : written;
  if (way === 'foreign') {
    const other = bench.commit({ shardId: attempt.shardId, token: newLeaseToken() }, part);
    return expect(other).rejects.toMatchObject({ code: 'foreign_part' });
  }
  const answer = await bench.commit(held, part);
  const { key, bytes, sha256 } = part;
  const effects = model.apply(model.shard(attempt.shardId), { kind: 'commit', token: held.token, part: { key, bytes, sha256 }, found });
  expect({ kind: 'commit_answer', answer }).toEqual(effects.find(({ kind }) => kind === 'commit_answer'));
  if (effects.some(({ kind }) => kind === 'committed')) parts.set(held.token, part);
};

const heartbeat = async (model: LedgerModel, { bench }: Real, memberId: string, foreign: number, state: 'running' | 'stopped') => {
  const own = model.attempts.filter(({ member }) => member === memberId);
  const others = model.attempts.filter(({ member }) => member !== memberId);
  const named = [...own, ...(others.length > 0 && foreign % 2 === 0 ? [pick(others, foreign)] : [])];
  const beat = bench.heartbeat(
    memberId,
    named.map(({ token }) => token),
    state,
  );
  const member = model.members.get(memberId);
  if (!member || member.state === 'failed') return expect(beat).rejects.toMatchObject(unknownMember);
  const { lost, controls } = await beat;
  const kept = own.filter(({ token, shardId }) =>
    model.apply(model.shard(shardId), { kind: 'renew', token }).some(({ kind }) => kind === 'renewed'),
  );
  for (const { token } of kept) if (model.lapsed.includes(token)) model.lapsed.splice(model.lapsed.indexOf(token), 1);
  expect(lost.sort()).toEqual(named.flatMap((one) => (kept.includes(one) ? [] : [one.token])).sort());
  const owners = new Set(own.map(({ shardId }) => model.stageOf(shardId).ownerId));
  const told = [...owners].flatMap((ownerId) => {
    const { version, control } = model.owner(ownerId);
    return version > 0 ? [{ ownerId, version, state: control }] : [];
  });
  expect(new Set(controls)).toEqual(new Set(told));
  member.state = state;
  if (state === 'stopped') model.memberDied(memberId, false);
};

const die = async (model: LedgerModel, { bench }: Real, memberId: string, crashed: boolean): Promise<void> => {
  const member = model.members.get(memberId);
  await bench.members.died(member?.instance ?? '', 'killed', crashed);
  if (member?.state !== 'running') return;
  member.state = 'failed';
  model.memberDied(memberId, crashed);
};

const lapse = async (model: LedgerModel, real: Real, attempt: ModelAttempt): Promise<void> => {
  const { token, shardId } = attempt;
  if (!model.isActive(attempt)) return;
  await real.bench.lapse(token, ++real.lapses);
  const target = model.shard(shardId);
  const attempts = target.shard.attempts.map((one) => (one.token === token ? { ...one, leased: false } : one));
  target.shard = { ...target.shard, attempts };
  if (model.lapsed.includes(token)) model.lapsed.splice(model.lapsed.indexOf(token), 1);
  model.lapsed.push(token);
};

const expire = async (model: LedgerModel, { bench }: Real, limit: number): Promise<void> => {
  const active = model.attempts.filter((one) => model.isActive(one));
  const due = model.lapsed.flatMap((token) => active.filter((one) => one.token === token)).slice(0, limit);
  expect(await bench.leases.expire(limit)).toBe(due.length);
  for (const { token, shardId } of due) model.apply(model.shard(shardId), { kind: 'expire', token, crashed: false });
};

/** Until nothing is due: then of every attempt that is over there is no part but what a commit named. */
const sweep: Run = async (model, { bench, parts }) => {
  while ((await bench.leftovers.sweep()) > 0);
  const swept = new Set(model.due);
  model.due.clear();
  for (const { id, shards } of model.stages) {
    const there: string[] = [];
    for await (const { key } of bench.world.storage.list(`parts/${id}/`)) there.push(key);
    const named = shards.flatMap(({ shard }) => (shard.part ? [shard.part.key] : []));
    expect(there).toEqual(expect.arrayContaining(named));
    const left = there.filter((key) => !named.includes(key));
    expect(left.filter((key) => swept.has(id) || [...swept].some((token) => key.includes(`.${token}.`)))).toEqual([]);
  }
  expect([...parts.values()].map(({ key }) => key).sort()).toEqual(
    model.stages.flatMap(({ shards }) => shards.flatMap(({ shard }) => (shard.part ? [shard.part.key] : []))).sort(),
  );
};

const second = async (model: LedgerModel, { bench }: Real, attempt: ModelAttempt, memberId: string): Promise<void> => {
  // Who is gone is given nothing: claims look at that before the ledger does.
  if (model.members.get(memberId)?.state !== 'running') return;
  const target = model.shard(attempt.shardId);
  const { token, refused } = await bench.second(attempt.shardId, memberId);
  const effects = model.assign(model.stageOf(attempt.shardId), target, token, memberId, 1, { second: true, alone: false });
  expect(effects.find(({ kind }) => kind === 'claim_refused')).toEqual(refused ? { kind: 'claim_refused', reason: refused } : undefined);
};

const wantCopy = async (model: LedgerModel, { bench }: Real, { shardId }: ModelAttempt): Promise<void> => {
  await bench.wantCopy(shardId);
  const target = model.shard(shardId);
  if (target.shard.state === 'open') target.copyWanted = true;
};

const childrenOf = async ({ sql }: Real['bench'], shardId: string): Promise<string[]> =>
  (await sql.query<{ id: string }>(`SELECT id FROM shards WHERE parent_id = $1 ORDER BY "first"`, [shardId])).rows.map(({ id }) => id);

/** What the sweeper does about shards at which members crash though they run alone. */
export const divideSuspects: Run = async (model, { bench }) => {
  await bench.suspects.look();
  for (const { shard, ranges } of model.toDivide()) model.apply(shard, { kind: 'split', ranges }, await childrenOf(bench, shard.id));
};

const split = async (model: LedgerModel, { bench }: Real, n: number, at: number): Promise<void> => {
  const shards = model.stages.flatMap((stage) => stage.shards);
  const free = shards.filter(({ shard }) => shard.state === 'open' && activeOf(shard).length === 0);
  if (shards.length === 0) return;
  const target = pick(n % 3 > 0 && free.length > 0 ? free : shards, n);
  const { first, last } = target.shard.range;
  const middle = first + (at % (last - first + 1));
  // With the last subtask as its middle the second range is empty, which is refused.
  const ranges: ChildRange[] = [
    { first, last: middle, suspicion: 'none' },
    { first: middle + 1, last, suspicion: 'suspect' },
  ];
  const refused = await bench.split(target.id, ranges);
  const effects = model.apply(target, { kind: 'split', ranges }, refused ? [] : await childrenOf(bench, target.id));
  expect(effects.find(({ kind }) => kind === 'split_refused')).toEqual(refused ? { kind: 'split_refused', reason: refused } : undefined);
};

const control = async (model: LedgerModel, { bench }: Real, ownerId: string, step: number, state: 'active' | 'paused' | 'cancelled') => {
  const version = Math.max(1, model.owner(ownerId).version + step);
  const held = await bench.runs.control({ ownerId, version, state });
  model.control(ownerId, version, state);
  const { control: now, version: known } = model.owner(ownerId);
  expect(held).toEqual({ ownerId, state: now, version: Math.max(1, known) });
};

const fail = async (model: LedgerModel, { bench }: Real, attempt: ModelAttempt): Promise<void> => {
  await bench.stages.fail(attempt.stageId, attempt.token, FAULT);
  if (model.isActive(attempt)) model.endStage(model.stageOf(attempt.shardId), 'failed', FAULT);
};

const n = fc.nat({ max: 999 });
const WAYS: readonly CommitWay[] = ['right', 'right', 'right', 'right', 'missing', 'wrong', 'again', 'stranger', 'foreign'];

/** A list of what may happen to a ledger; the more often something stands here, the more often it does. */
export const ledgerCommands = () => {
  const claims = fc
    .tuple(n, fc.oneof(fc.integer({ min: 1, max: 32 }), fc.constant(MEMBER_SLOTS)))
    .map(([m, free]) => command(`claim(${m}, ${free})`, hasMembers, (model, real) => claim(model, real, memberOf(model, m), free)));
  const commits = fc
    .tuple(n, fc.constantFrom(...WAYS))
    .map(([a, way]) => command(`commit(${a}, ${way})`, hasAttempts, (model, real) => commit(model, real, attemptOf(model, a), way)));
  const ofAttempt = (name: string, run: (model: LedgerModel, real: Real, attempt: ModelAttempt) => Promise<void>) =>
    n.map((a) => command(`${name}(${a})`, hasAttempts, (model, real) => run(model, real, attemptOf(model, a))));
  const release = async (model: LedgerModel, { bench }: Real, { shardId, token }: ModelAttempt): Promise<void> => {
    await bench.leases.release(shardId, token);
    model.apply(model.shard(shardId), { kind: 'release', token });
  };
  return fc.commands<LedgerModel, Real, true>(
    [
      fc
        .record({
          owner: n,
          rows: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 1, max: 40 }) }, fc.constant(0)),
          weight: fc.constantFrom(1, 2, 0.5),
        })
        .chain((what) => fc.option(fc.integer({ min: 1, max: 12 }), { nil: undefined }).map((maxInFlight) => ({ ...what, maxInFlight })))
        .map((what) =>
          command(
            `submit(${JSON.stringify(what)})`,
            ({ stages }) => stages.length < 4,
            (model, real) => submitNew(model, real, { ...what, ownerId: pick(real.owners, what.owner) }),
          ),
        ),
      fc
        .tuple(n, fc.boolean())
        .map(([s, other]) =>
          command(`submitAgain(${s}, ${other})`, hasStages, (model, real) => submitAgain(real, pick(model.stages, s).id, other)),
        ),
      fc.constant(command('join', ({ members }) => members.size < 6, join)),
      claims,
      claims,
      claims,
      commits,
      commits,
      commits,
      fc
        .tuple(n, n, fc.constantFrom<('running' | 'stopped')[]>('running', 'running', 'running', 'stopped'))
        .map(([m, foreign, state]) =>
          command(`heartbeat(${m}, ${foreign}, ${state})`, hasMembers, (model, real) =>
            heartbeat(model, real, memberOf(model, m), foreign, state),
          ),
        ),
      ofAttempt('release', release),
      ofAttempt('lapse', lapse),
      ofAttempt('fail', fail),
      ofAttempt('wantCopy', wantCopy),
      fc.integer({ min: 1, max: 3 }).map((limit) => command(`expire(${limit})`, always, (model, real) => expire(model, real, limit))),
      ...[0, 1].map(() =>
        fc
          .tuple(n, fc.constantFrom(true, true, false))
          .map(([m, crashed]) =>
            command(`die(${m}, ${crashed})`, hasMembers, (model, real) => die(model, real, memberOf(model, m), crashed)),
          ),
      ),
      fc.constant(command('divideSuspects', hasStages, divideSuspects)),
      fc
        .tuple(n, n)
        .map(([a, m]) =>
          command(`second(${a}, ${m})`, hasAttempts, (model, real) => second(model, real, attemptOf(model, a), memberOf(model, m))),
        ),
      fc.tuple(n, n).map(([s, at]) => command(`split(${s}, ${at})`, hasStages, (model, real) => split(model, real, s, at))),
      fc
        .tuple(
          n,
          fc.integer({ min: -1, max: 2 }),
          fc.constantFrom('active' as const, 'active' as const, 'paused' as const, 'cancelled' as const),
        )
        .map(([o, step, state]) =>
          command(`control(${o}, ${step}, ${state})`, always, (model, real) => control(model, real, pick(real.owners, o), step, state)),
        ),
      fc.constant(command('sweep', hasStages, sweep)),
    ],
    { maxCommands: 40, size: 'medium' },
  );
};
