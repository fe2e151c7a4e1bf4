import { type JournalPlace, journalSubject } from '@apwa/contracts';
import { JournalReader, JournalWriter } from '@apwa/messaging';
import { answeredRow } from '@apwa/test-kit';
import { answer } from './support/scripted-model.js';
import { until } from './support/until.js';
import { texts, World } from './support/world.js';

const placeOf = (stageId: string, originId: string, token: string): JournalPlace => ({
  stream: 'APWA_JOURNAL_g1',
  incarnation: 1,
  subject: journalSubject(1, stageId, originId, token),
  shardSubjects: journalSubject(1, stageId, originId, '*'),
});
const journaled = (row: number, ok: boolean) =>
  answeredRow(row, {
    model: 'scripted',
    ...(ok ? { output: { upper: `JOURNALED-${row}` } } : { status: 'failed', output: null, error: { code: 'refused', message: 'no' } }),
  });

// Real: NATS, files, the member's process. Scripted: the model's server and the executor.
describe('a member and its shards', () => {
  let world: World;
  beforeEach(async () => (world = await World.start()));
  afterEach(() => world.stop());

  it('should run a shard and commit its part', async () => {
    await world.member();
    const { stageId } = await world.stage(texts(150), { shardRows: 100 });
    await until(() => world.script.done(stageId));
    const rows = await world.result(stageId);
    expect(rows.map(({ upper }) => upper)).toEqual(texts(150, 'ROW'));
    expect(
      rows.every(({ _status, _attempts, _input_tokens }) => _status === 'ok' && _attempts === 1 && Number(_input_tokens) === 100),
    ).toBe(true);
    expect(world.model.calls).toHaveLength(150);
    const counts = world.script.shardsOf(stageId).map(({ content }) => content?.counts);
    expect(counts.map((one) => one?.ok)).toEqual([100, 50]);
    expect(counts[0]).toMatchObject({ failed: 0, calls: 100, usage: { input: 10_000, output: 1_000 } });
    expect(world.script.shardsOf(stageId)[0]?.content?.part.key).toMatch(/^parts\/stg_\w+\/shd_\w+\.[0-9a-f]{32}\.parquet$/);
    await until(() => [...world.script.members.values()].every(({ freeSlots }) => freeSlots === 64));
  });

  it('should ask identical rows of a shard once', async () => {
    await world.member();
    const { stageId } = await world.stage(['a', 'b', 'a', 'a', 'b']);
    await until(() => world.script.done(stageId));
    expect((await world.result(stageId)).map(({ upper }) => upper)).toEqual(['A', 'B', 'A', 'A', 'B']);
    expect(world.model.calls).toHaveLength(2);
    expect(world.script.shardsOf(stageId)[0]?.content?.counts).toMatchObject({ ok: 5, calls: 2, usage: { input: 200 } });
  });

  it('should take over what earlier attempts have journaled, and call only the missing rows', async () => {
    const { stageId } = await world.stage(texts(20));
    const [shard] = world.script.shardsOf(stageId);
    if (!shard) throw new Error('no shard');
    const token = 'ab'.repeat(16);
    shard.attempts = 1;
    const place = placeOf(stageId, shard.shardId, token);
    const writer = new JournalWriter(world.messaging);
    await writer.publish(place, { token, sequence: 0, rows: [journaled(3, true), journaled(4, false)] });
    // The same row again, and rows by reference.
    const key = `journal/${stageId}/${shard.shardId}/${token}.1.json`;
    await world.storage.write(
      key,
      Buffer.from(JSON.stringify([{ ...journaled(3, true), output: { upper: 'LATER' } }, journaled(7, true)])),
    );
    await writer.publish(place, { token, sequence: 1, rows: { key } });

    await world.member();
    await until(() => world.script.done(stageId));
    const rows = await world.result(stageId);
    expect(world.model.calls).toHaveLength(17);
    expect(['row-3', 'row-4', 'row-7'].map((text) => world.model.timesAsked(text))).toEqual([0, 0, 0]);
    expect(rows[3]?.upper).toBe('JOURNALED-3');
    expect(rows[7]?.upper).toBe('JOURNALED-7');
    expect(rows[4]).toMatchObject({ upper: null, _status: 'failed', _error_code: 'refused' });
  });

  it('should take over, at the first attempt, what was journaled before its shard was split from another', async () => {
    const { stageId } = await world.stage(texts(6));
    const [shard] = world.script.shardsOf(stageId);
    if (!shard) throw new Error('no shard');
    Object.assign(shard, { originId: 'shd_origin', handling: 'alone' });
    const [token, stranger] = ['ab'.repeat(16), 'cd'.repeat(16)];
    const writer = new JournalWriter(world.messaging);
    await writer.publish(placeOf(stageId, 'shd_origin', token), { token, sequence: 0, rows: [journaled(2, true), journaled(99, true)] });
    await writer.publish(placeOf(stageId, shard.shardId, stranger), { token: stranger, sequence: 0, rows: [journaled(3, true)] });
    await world.member();
    await until(() => world.script.done(stageId));
    expect((await world.result(stageId)).map(({ upper }) => upper)).toEqual(['ROW-0', 'ROW-1', 'JOURNALED-2', 'ROW-3', 'ROW-4', 'ROW-5']);
  });

  it('should begin the rows of a suspect shard in order, each after the answers before it are journaled', async () => {
    const reader = new JournalReader(world.messaging);
    const { stageId } = await world.stage(texts(12), { slots: 3 });
    const [shard] = world.script.shardsOf(stageId);
    if (!shard) throw new Error('no shard');
    shard.handling = 'alone';
    const begun: { row: number; suspects: number[] }[] = [];
    world.model.script = async ({ text }) => {
      const answered = new Set<number>();
      for await (const { rows } of reader.read(placeOf(stageId, shard.shardId, '*')))
        if (Array.isArray(rows)) for (const { row } of rows) answered.add(row);
      // Should the member crash now, these are the rows that would be suspected: the first three without an answer.
      const suspects = [...Array(12).keys()].filter((row) => !answered.has(row)).slice(0, 3);
      begun.push({ row: Number(text.slice('row-'.length)), suspects });
      return answer(text);
    };
    await world.member();
    await until(() => world.script.done(stageId));
    expect(begun).toHaveLength(12);
    expect(begun.filter(({ row, suspects }) => !suspects.includes(row))).toEqual([]);
    expect(world.model.mostInFlight).toBeGreaterThan(1);
    expect((await world.result(stageId)).map(({ upper }) => upper)).toEqual(texts(12, 'ROW'));
  });

  it('should commit a condemned row as failed, unread and uncalled, whatever the journal says', async () => {
    const { stageId } = await world.stage(texts(3), { shardRows: 1 });
    const [, shard] = world.script.shardsOf(stageId);
    if (!shard) throw new Error('no shard');
    Object.assign(shard, { handling: 'condemned', attempts: 4 });
    const token = 'ab'.repeat(16);
    const writer = new JournalWriter(world.messaging);
    await writer.publish(placeOf(stageId, shard.shardId, token), { token, sequence: 0, rows: [journaled(1, true)] });
    await world.member();
    await until(() => world.script.done(stageId));
    const rows = await world.result(stageId);
    expect(rows.map(({ _status, _error_code }) => [_status, _error_code])).toEqual([
      ['ok', null],
      ['failed', 'poison'],
      ['ok', null],
    ]);
    expect(rows[1]).toMatchObject({ upper: null, _attempts: 0 });
    expect(world.model.timesAsked('row-1')).toBe(0);
    expect(shard.content?.counts).toMatchObject({ ok: 0, failed: 1, errors: { poison: 1 }, calls: 0 });
  });

  it('should lose only the calls in flight when a member is killed, whoever takes over', async () => {
    world.script.sweeps = true;
    world.script.leaseMs = 1_000;
    const first = await world.member();
    world.model.script = async ({ text }) => {
      await new Promise((resolve) => setTimeout(resolve, 30));
      return answer(text);
    };
    const { stageId } = await world.stage(texts(400), { slots: 20 });
    await until(() => world.model.calls.length > 150);
    await first.kill();
    const before = world.model.calls.length;
    await world.member();
    await until(() => world.script.done(stageId), 20_000);
    const rows = await world.result(stageId);
    expect(rows.map(({ upper }) => upper)).toEqual(texts(400, 'ROW'));
    const extra = world.model.calls.length - 400;
    // 20 in flight, and the answers of the last 50 ms: at 30 ms a call, two more for each slot.
    expect(extra).toBeGreaterThanOrEqual(0);
    expect(extra).toBeLessThanOrEqual(60);
    expect(before).toBeGreaterThan(150);
  });

  it('should journal answers that are too large for a message by reference', async () => {
    await world.member();
    const large = 'x'.repeat(300 * 1024);
    world.model.script = async ({ text, nth }) => {
      if (text === 'last') while (world.script.attempts.length < 2 && nth === 1) await new Promise((resolve) => setTimeout(resolve, 50));
      return { content: JSON.stringify({ upper: text === 'big' ? large : text.toUpperCase() }) };
    };
    const { stageId } = await world.stage(['big', 'last']);
    await until(() => world.script.heartbeats.some(({ attempts }) => attempts.some(({ counts }) => counts.ok === 1)));
    const keys: string[] = [];
    for await (const { key } of world.storage.list(`journal/${stageId}/`)) keys.push(key);
    expect(keys).toHaveLength(1);
    // Another attempt takes the large answer over.
    for (const attempt of world.script.attempts) world.script.revoke(attempt);
    await until(() => world.script.done(stageId), 20_000);
    expect((await world.result(stageId))[0]?.upper).toBe(large);
    expect(world.model.timesAsked('big')).toBe(1);
  });

  it('should commit once although every reply is lost, and write again what is not there', async () => {
    await world.member();
    world.script.loseCommitReplies = 2;
    const { stageId } = await world.stage(['a']);
    await until(() => world.script.commitsAsked >= 3);
    await until(() => [...world.script.members.values()].every(({ freeSlots }) => freeSlots === 64));
    expect(world.script.done(stageId)).toBe(true);

    world.script.missParts = 1;
    const next = await world.stage(['b']);
    await until(() => world.script.done(next.stageId));
    expect(world.script.shardsOf(next.stageId)[0]?.content?.part.key).toMatch(/\.2\.parquet$/);
  });

  it('should journal everything again when NATS comes back empty', async () => {
    await world.member();
    let open: () => void = () => undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    world.model.script = async ({ text }) => {
      if (text === 'row-9') await opened;
      return answer(text);
    };
    const { stageId } = await world.stage(texts(10));
    await until(() => world.script.heartbeats.some(({ attempts }) => attempts.some(({ counts }) => counts.ok === 9)));
    await world.nats.kill();
    await world.nats.wipe();
    await world.nats.restart();
    world.script.incarnation = 2;
    await world.executor.streams.ensure(2);
    const shard = world.script.shardsOf(stageId)[0];
    const reader = new JournalReader(world.messaging);
    const rowsInJournal = async () => {
      const rows = new Set<number>();
      const shardSubjects = journalSubject(2, stageId, shard?.shardId ?? '', '*');
      for await (const batch of reader.read({ stream: 'APWA_JOURNAL_g2', incarnation: 2, subject: shardSubjects, shardSubjects }))
        for (const { row } of Array.isArray(batch.rows) ? batch.rows : []) rows.add(row);
      return rows.size;
    };
    await until(async () => (await rowsInJournal()) === 9, 20_000);
    open();
    await until(() => world.script.done(stageId), 20_000);
    expect(world.model.calls).toHaveLength(10);
  });

  it('should commit without a journal, if there is none for long', async () => {
    await world.member();
    // The stream is gone, and no other incarnation comes.
    await world.executor.streams.removeOthers(99);
    const { stageId } = await world.stage(texts(100));
    await until(() => world.script.done(stageId));
    expect(await world.result(stageId)).toHaveLength(100);
  });

  it('should keep 2,000 calls in flight in one process', async () => {
    const wide = await World.start({ slots: 2_000 });
    try {
      await wide.member();
      let waiting = 0;
      let open: () => void = () => undefined;
      const opened = new Promise<void>((resolve) => (open = resolve));
      wide.model.script = async ({ text }) => {
        if (wide.model.calls.length > 1 && ++waiting <= 2_000) await opened;
        return answer(text);
      };
      const { stageId } = await wide.stage(texts(2_100), { slots: 2_000 });
      await until(() => wide.model.inFlight === 2_000, 30_000);
      // Heartbeats go on meanwhile.
      const beats = wide.script.heartbeats.length;
      await until(() => wide.script.heartbeats.length > beats + 2);
      open();
      await until(() => wide.script.done(stageId), 30_000);
      expect(wide.model.mostInFlight).toBe(2_000);
      expect(wide.model.calls).toHaveLength(2_100);
    } finally {
      await wide.stop();
    }
  });
});
