import { startHolding } from '../holder.js';
import { type HolderEvent } from '../holder-types.js';
import { activeOf, isFinished } from '../ledger.js';
import { RowBook } from '../row-book.js';
import { executorSteps } from './executor-steps.js';
import { commitOf, holds, type Step, withMember, withShard } from './transitions.js';
import { attemptOf, bitsOf, killerOf, partName, rowsOf, type Hold, type MemberWorld, type Size, type World } from './world.js';

/** Everything that may happen next. */
export const stepsOf = (world: World, size: Size): Step[] => {
  const steps: Step[] = [];
  world.members.forEach((_, m) => memberSteps(world, size, m, steps));
  executorSteps(world, size, steps);
  return steps;
};

const fault = (world: World): World => ({ ...world, faults: world.faults + 1 });

const memberSteps = (world: World, size: Size, m: number, steps: Step[]): void => {
  const member = world.members[m] as MemberWorld;
  const name = String.fromCharCode(65 + m);
  const faults = world.faults < size.faults;
  if (member.life === 'down') {
    const started = withMember(world, m, { life: 'up', boot: world.boots, hold: null });
    steps.push([`${name} starts again`, { ...started, boots: world.boots + 1 }, false]);
    return;
  }
  if (faults) steps.push([`! kill ${name}`, fault(withMember(world, m, { ...member, life: 'down', boot: -1, hold: null })), true]);
  if (member.life === 'stopped') {
    steps.push([`${name} continues`, withMember(world, m, { ...member, life: 'up' }), false]);
    return;
  }
  if (faults) steps.push([`! stop ${name}`, fault(withMember(world, m, { ...member, life: 'stopped' })), true]);
  if (member.hold) holdSteps(world, size, m, name, member.hold, faults, steps);
  else claimSteps(world, size, m, name, member, faults, steps);
};

const claimSteps = (world: World, size: Size, m: number, name: string, member: MemberWorld, faults: boolean, steps: Step[]): void => {
  world.shards.forEach(({ ledger }, shard) => {
    if (isFinished(ledger)) return;
    const second = activeOf(ledger).length > 0;
    if (second && world.seconds >= size.seconds) return;
    const tokens = size.rules.has('token-per-claim') ? world.tokens + 1 : 1;
    const token = String(tokens);
    const [claimed, effects] = withShard(world, shard, { kind: 'claim', token, member: String(member.boot), second, alone: true }, size);
    const assigned = effects.find((effect) => effect.kind === 'assigned');
    if (!assigned) return;
    const after: World = { ...claimed, tokens, seconds: claimed.seconds + (second ? 1 : 0) };
    const begun = startHolding({ sentAt: 0, leaseMs: 1, incarnation: world.incarnation });
    const rows = new RowBook(ledger.range);
    const hold: Hold = { token, shard, state: begun.state, rows, fresh: true, known: 0, condemned: assigned.handling === 'condemned' };
    const label = `${name} claims ${shardName(world, shard)}${second ? ' beside another' : ''}`;
    steps.push([label, withMember(after, m, { ...member, hold }), false]);
    if (faults) steps.push([`! ${label}, reply lost`, fault(after), true]);
  });
};

const holdSteps = (world: World, size: Size, m: number, name: string, hold: Hold, faults: boolean, steps: Step[]): void => {
  const attempt = attemptOf(world, hold.shard, hold.token);
  const told = hold.state.incarnation === world.incarnation;
  if (!hold.fresh || !told || attempt?.state !== 'active' || !attempt.leased)
    steps.push([`${name} renews`, heartbeat(world, size, m, hold), false]);
  switch (hold.state.phase) {
    case 'reading':
      if (told) steps.push([`${name} reads the journal`, readJournal(world, size, m, hold), false]);
      return;
    case 'working':
      callSteps(world, size, m, name, hold, steps);
      break;
    case 'writing': {
      const { token } = hold;
      const write = hold.state.writes;
      const part = { token, write, rows: bitsOf(rowsOf(ledgerOf(world, hold)).filter((row) => hold.rows.answered(row))) };
      const written: World = { ...world, parts: { ...world.parts, [partName(token, write, size.rules)]: part } };
      steps.push([`${name} writes its part`, holds(written, m, hold, { kind: 'part_written', write }, size)[0], false]);
      break;
    }
    case 'committing':
      commitSteps(world, size, m, name, hold, faults, steps);
      break;
    case 'done':
    case 'dropped':
      return;
  }
  if (hold.rows.unsaid > 0 && told) steps.push([`${name} journals`, publish(world, size, m, hold), false]);
};

const ledgerOf = (world: World, hold: Hold) => {
  const shard = world.shards[hold.shard];
  if (!shard) throw new Error(`no shard ${hold.shard}`);
  return shard.ledger;
};

const shardName = (world: World, shard: number): string => {
  const { range, generation } = (world.shards[shard] as World['shards'][number]).ledger;
  return `rows ${range.first}–${range.last}${generation ? ` of generation ${generation}` : ''}`;
};

const heartbeat = (world: World, size: Size, m: number, hold: Hold): World => {
  const [renewed, effects] = withShard(world, hold.shard, { kind: 'renew', token: hold.token }, size);
  if (effects.some(({ kind }) => kind === 'lost')) return holds(renewed, m, hold, { kind: 'lost' }, size)[0];
  const [confirmed] = holds(renewed, m, { ...hold, fresh: true }, { kind: 'renewed', sentAt: 0 }, size);
  const kept = confirmed.members[m]?.hold as Hold;
  return holds(confirmed, m, kept, { kind: 'incarnation', incarnation: world.incarnation }, size)[0];
};

const journalOf = (world: World, hold: Hold): number => world.shards[hold.shard]?.origin ?? 0;

const readJournal = (world: World, size: Size, m: number, hold: Hold): World => {
  const known = hold.condemned ? 0 : (world.journals[journalOf(world, hold)] ?? 0);
  const rows = world.calls.map((_, row) => row).filter((row) => known & (1 << row));
  const event: HolderEvent = { kind: 'journal_read', incarnation: hold.state.incarnation, rows };
  return holds(world, m, { ...hold, known }, event, size)[0];
};

/** More than it takes to condemn a row: without a rule that ends them there would be no last one. */
const MOST_CRASHES = 6;

const callSteps = (world: World, size: Size, m: number, name: string, hold: Hold, steps: Step[]): void => {
  for (const row of rowsOf(ledgerOf(world, hold))) {
    const [begun, effects] = holds(world, m, hold, { kind: 'begin', row, now: hold.fresh ? 0 : 1 }, size);
    if (hold.condemned) {
      const given = begun.members[m]?.hold;
      if (given && effects.length > 0)
        steps.push([`${name} gives row ${row} up`, holds(begun, m, given, { kind: 'answered', row }, size)[0], false]);
      continue;
    }
    if (effects.some(({ kind }) => kind === 'call')) {
      const called: World = {
        ...begun,
        calls: world.calls.with(row, (world.calls[row] ?? 0) + 1),
        wasted: world.wasted || (hold.known & (1 << row)) !== 0,
        late: world.late || attemptOf(world, hold.shard, hold.token)?.leased === false,
      };
      if (row === killerOf(size)) {
        if (world.crashes >= MOST_CRASHES + world.faults) continue;
        const dead = withMember(called, m, { life: 'down', boot: -1, hold: null });
        steps.push([`${name} calls row ${row} and dies of it`, { ...dead, crashes: dead.crashes + 1 }, false]);
      } else steps.push([`${name} calls row ${row}`, called, false]);
    }
    if (hold.rows.inFlight(row)) steps.push([`${name} gets row ${row}`, holds(world, m, hold, { kind: 'answered', row }, size)[0], false]);
  }
};

const publish = (world: World, size: Size, m: number, hold: Hold): World => {
  const rows = rowsOf(ledgerOf(world, hold)).filter((row) => hold.rows.answered(row) && !hold.rows.said(row));
  const origin = journalOf(world, hold);
  const journals = { ...world.journals, [origin]: (world.journals[origin] ?? 0) | bitsOf(rows) };
  return holds({ ...world, journals }, m, hold, { kind: 'journaled', incarnation: hold.state.incarnation, rows }, size)[0];
};

const commitSteps = (world: World, size: Size, m: number, name: string, hold: Hold, faults: boolean, steps: Step[]): void => {
  const { token } = hold;
  const write = hold.state.writes;
  const found = world.parts[partName(token, write, size.rules)]?.token === token;
  if (size.executors === 2) {
    if (world.commits.some((commit) => commit.token === token)) return;
    const asked: World = { ...world, commits: [...world.commits, { token, write, found, epoch: world.epoch }] };
    steps.push([`${name} asks for its commit`, asked, false]);
    return;
  }
  const [done, answer] = commitOf(world, hold.shard, token, write, found, size);
  steps.push([`${name} commits`, holds(done, m, hold, { kind: 'commit_answered', answer }, size)[0], false]);
  if (faults) steps.push([`! ${name} commits, reply lost`, fault(holds(done, m, hold, { kind: 'commit_unanswered' }, size)[0]), true]);
};
