import { type JournalBatch, journalStream, journalSubject, newId, newLeaseToken } from '@apwa/contracts';
import { JournalReader, JournalStreams, JournalWriter } from '@apwa/messaging';
import { answeredRow } from '@apwa/test-kit';
import { HOLD_MS } from '../src/attempts/journal-turns.js';
import { answer } from './support/scripted-model.js';
import { until } from './support/until.js';
import { texts, World } from './support/world.js';

const LIMIT = 100_000;
const SLOTS = 10;

// Real: NATS whose journal has next to no room, files, the member's process. Scripted: the model's server and the executor.
describe('a member while the journal is full', () => {
  let world: World;
  let streams: JournalStreams;
  const filler = { stageId: newId('stage'), shardId: newId('shard'), token: newLeaseToken() };
  const fillerSubject = journalSubject(1, filler.stageId, filler.shardId, filler.token);

  beforeEach(async () => {
    world = await World.start();
    streams = new JournalStreams(world.messaging, LIMIT);
    await streams.ensure(1);
    await fill();
    world.model.script = async ({ text }) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return answer(text);
    };
  });
  afterEach(() => world.stop());

  /** Others' answers take the journal's room: what is left is not enough for a row. */
  const fill = async () => {
    const writer = new JournalWriter(world.messaging);
    const place = { stream: journalStream(1), incarnation: 1, subject: fillerSubject, shardSubjects: fillerSubject };
    const sizes = [60_000, 30_000, 5_000, 2_000, 500, 500, 500, 100, 100];
    for (const [sequence, size] of sizes.entries()) {
      const abort = new AbortController();
      const batch: JournalBatch = { token: filler.token, sequence, rows: [answeredRow(0, { output: { text: 'x'.repeat(size) } })] };
      const stop = writer.onRefusal(() => abort.abort(new Error('no room')));
      await writer.publish(place, batch, abort.signal).catch(() => undefined);
      stop();
    }
  };
  const makeRoom = () => streams.purge(1, fillerSubject);
  const waits = () => world.script.heartbeats.at(-1)?.attempts.map(({ waitsFor }) => waitsFor) ?? [];
  const beats = async (count: number) => {
    const seen = world.script.heartbeats.length;
    await until(() => world.script.heartbeats.length >= seen + count, 20_000);
  };
  const askedOnce = (count: number) => {
    expect(world.model.calls).toHaveLength(count);
    expect(new Set(world.model.calls.map(({ text }) => text)).size).toBe(count);
  };

  it('should begin no more rows, say what for, and go on by itself when there is room', async () => {
    await world.member();
    const { stageId } = await world.stage(texts(200), { slots: SLOTS });
    await until(() => waits().includes('journal_room'), 20_000);
    await until(() => world.model.inFlight === 0);
    const asked = world.model.calls.length;
    await beats(5);
    expect(world.model.calls).toHaveLength(asked);
    expect(asked).toBeLessThan(100);
    expect(world.script.done(stageId)).toBe(false);

    await makeRoom();
    await until(() => world.script.done(stageId), 20_000);
    askedOnce(200);
    expect((await world.result(stageId)).map(({ upper }) => upper)).toEqual(texts(200, 'ROW'));
    // What was held is in the journal now, in front of what came later.
    const [shard] = world.script.shardsOf(stageId);
    const shardSubjects = journalSubject(1, stageId, shard?.shardId ?? '', '*');
    const rows = new Set<number>();
    const reader = new JournalReader(world.messaging);
    for await (const batch of reader.read({ stream: journalStream(1), incarnation: 1, subject: shardSubjects, shardSubjects }))
      for (const one of Array.isArray(batch.rows) ? batch.rows : []) rows.add(one.row);
    expect(rows.size).toBeGreaterThanOrEqual(asked);
  });

  it('should commit shard after shard all the same, if room never comes', async () => {
    await world.member();
    const { stageId } = await world.stage(texts(150), { slots: SLOTS, shardRows: 50 });
    await until(() => waits().length > 1 && waits().every((one) => one === 'journal_room'), 20_000);
    expect(world.script.shardsOf(stageId).some(({ content }) => content !== null)).toBe(false);
    await until(() => world.script.done(stageId), HOLD_MS + 60_000);
    askedOnce(150);
    expect((await world.result(stageId)).map(({ upper }) => upper)).toEqual(texts(150, 'ROW'));
  }, 90_000);

  it('should keep a shard of a paused run until its finished rows are in the journal', async () => {
    await world.member();
    const { ownerId, stageId } = await world.stage(texts(200), { slots: SLOTS });
    await until(() => waits().includes('journal_room'), 20_000);
    world.executor.control(ownerId, 1, 'paused');
    await until(() => world.model.inFlight === 0);
    await beats(10);
    expect(world.script.attempts.map(({ state }) => state)).toEqual(['active']);
    expect(waits()).toEqual(['journal_room']);
    await makeRoom();
    await until(() => world.script.attempts[0]?.state === 'released', 20_000);
    world.executor.control(ownerId, 2, 'active');
    world.executor.hint();
    await until(() => world.script.done(stageId), 20_000);
    askedOnce(200);
  });
});
