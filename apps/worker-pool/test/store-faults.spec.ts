import { ApwaError, journalSubject, type TableReference, TransientError, workerPoolOperations } from '@apwa/contracts';
import { JournalWriter } from '@apwa/messaging';
import { answeredRow, type FaultPlan } from '@apwa/test-kit';
import { jest } from '@jest/globals';
import { FaultyMember } from './support/faulty-member.js';
import { answer } from './support/scripted-model.js';
import { until } from './support/until.js';
import { texts, World } from './support/world.js';

jest.setTimeout(60_000);
const ROWS = 24;
const SHARD_ROWS = 6;
const SHARE = 0.1;
/** By it the second call of a method is the first to fail. */
const SEED = 1;
/** Characters of an answer that no message of the journal takes. */
const LARGE = 300_000;

/** Methods that nothing here calls. All others have to be, those that are added later too. */
const NOT_CALLED: Record<string, string> = {
  'Storage.stream': 'for jobs over a storage that is not local',
  'Storage.describe': 'for the executor, which looks at what is to be committed',
  'Storage.delete': 'for the sweeper: a member deletes nothing (HAZARDS H3)',
  'Storage.list': 'for the sweeper',
  'Storage.unfinished': 'for the manager, which keeps the storage tidy',
  'Storage.discard': 'for the manager',
  'Storage.tidy': 'for the manager',
};

const journaled = (row: number) => answeredRow(row, { output: { upper: `JOURNALED-${row}` }, model: 'scripted' });

// Real: NATS, files, DuckDB in child processes, the member in this process. Scripted: the model's server and the executor.
describe('a member whose storage fails (HAZARDS §2c)', () => {
  let world: World;
  let member: FaultyMember;
  const rejected: unknown[] = [];
  const onRejected = (reason: unknown): void => void rejected.push(reason);

  beforeAll(async () => {
    process.on('unhandledRejection', onRejected);
    world = await World.start();
    member = await FaultyMember.start(world);
    world.model.script = ({ text }) => (text.endsWith('-9') ? { content: JSON.stringify({ upper: 'X'.repeat(LARGE) }) } : answer(text));
  });
  afterAll(async () => {
    await member.stop();
    await world.stop();
    process.off('unhandledRejection', onRejected);
  });

  /** The first row of the first shard is in the journal of an attempt before, by reference. */
  const journalOfBefore = async (stageId: string): Promise<void> => {
    const [shard] = world.script.shardsOf(stageId);
    if (!shard) throw new Error('no shard');
    const token = 'ab'.repeat(16);
    shard.attempts = 1;
    const key = `journal/${stageId}/${shard.shardId}/${token}.0.json`;
    await world.storage.write(key, Buffer.from(JSON.stringify([journaled(0)])));
    const [subject, shardSubjects] = [token, '*'].map((one) => journalSubject(1, stageId, shard.shardId, one)) as [string, string];
    const place = { stream: 'APWA_JOURNAL_g1', incarnation: 1, subject, shardSubjects };
    // Its id is used but once.
    await new JournalWriter(world.messaging).publish(place, { token, sequence: world.script.stages.size, rows: { key } });
  };
  const addQuery = (table: TableReference): string => {
    const limits = { memoryMb: 512, timeoutMs: 30_000, rows: 1_000 };
    const inputs = [{ name: 'words', table }];
    return world.script.addStage({ kind: 'sql', inputs, query: 'SELECT upper(text) AS up FROM words', limits }, [{ first: 0, last: 0 }], {
      slots: 1,
    }).stageId;
  };
  /** Asks for rows until it is told; whatever else it hears may be gone later. */
  const page = async (table: TableReference): Promise<unknown[]> => {
    for (;;)
      try {
        const request = { table, first: 0, count: ROWS, maxBytes: 10_000 };
        return (await world.messaging.request(workerPoolOperations.readRows, request)).rows.map(({ text }) => text);
      } catch (thrown) {
        const error = ApwaError.from(thrown);
        if (!(error instanceof TransientError) || error.code !== 'storage_unavailable') throw error;
      }
  };
  const keysUnder = async (prefix: string): Promise<string[]> => {
    const keys: string[] = [];
    for await (const { key } of world.storage.list(prefix)) keys.push(key);
    return keys;
  };

  const plans = (['once', { share: SHARE, seed: SEED }] as const).flatMap((how) =>
    (['before', 'after'] as const).map((when): [string, string, FaultPlan] => {
      return [how === 'once' ? 'once' : `for ${SHARE * 100} % of its calls`, when, { stores: ['Storage'], how, when }];
    }),
  );

  it.each(plans)('should have each shard committed once when each method fails %s, %s it applied', async (_often, _when, plan) => {
    const words = texts(ROWS, `${plan.when}-${plan.how === 'once' ? 'once' : 'often'}`);
    const table = await world.table(words);
    const { stageId } = world.script.addStage(world.work(table), rangesOf());
    await journalOfBefore(stageId);
    const queryId = addQuery(table);
    member.faults.begin(plan);
    world.executor.hint();
    expect(await page(table)).toEqual(words);
    const done = () => world.script.done(stageId) && world.script.done(queryId);
    await until(done, 40_000, 'the end of both stages');
    member.faults.heal();

    const { struck, calls } = member.faults;
    expect(struck).not.toEqual([]);
    if (plan.how === 'once') expect([...struck].sort()).toEqual([...calls.keys()].filter((method) => !(method in NOT_CALLED)).sort());
    const rows = await world.result(stageId);
    const upper = words.map((text, row) => (text.endsWith('-9') ? 'X'.repeat(LARGE) : row === 0 ? 'JOURNALED-0' : text.toUpperCase()));
    expect(rows.map((row) => row.upper)).toEqual(upper);
    // What was answered is in the journal or in memory: no fault of the storage has a row asked twice.
    expect(words.map((text) => world.model.timesAsked(text))).toEqual(words.map((_, row) => (row === 0 ? 0 : 1)));
    for (const id of [stageId, queryId]) {
      const attempts = world.script.attempts.filter(({ shard }) => shard.stageId === id);
      const shards = world.script.shardsOf(id);
      expect(
        attempts
          .filter(({ state }) => state === 'won')
          .map(({ shard }) => shard.shardId)
          .sort(),
      ).toEqual(shards.map(({ shardId }) => shardId).sort());
      expect(attempts.filter(({ state }) => state === 'active')).toEqual([]);
      const named = shards.flatMap(({ content }) => content?.part ?? []);
      for (const { key, bytes, sha256 } of named) expect(await world.storage.describe(key)).toEqual({ bytes, sha256 });
      // What else there is bears the name of an attempt: by it the executor's sweeper removes it.
      const left = (await keysUnder(`parts/${id}/`)).filter((key) => !named.some((part) => part.key === key));
      expect(left.filter((key) => !attempts.some(({ token, shard }) => key.startsWith(`parts/${id}/${shard.shardId}.${token}.`)))).toEqual(
        [],
      );
    }
    for await (const { id } of world.storage.unfinished()) throw new Error(`the write ${id} was left unfinished`);
    expect(rejected).toEqual([]);
  });

  it('should have called every method but these', () => {
    expect(
      [...member.faults.calls]
        .filter(([, calls]) => calls === 0)
        .map(([method]) => method)
        .sort(),
    ).toEqual(Object.keys(NOT_CALLED).sort());
  });
});

const rangesOf = () => Array.from({ length: ROWS / SHARD_ROWS }, (_, n) => ({ first: n * SHARD_ROWS, last: (n + 1) * SHARD_ROWS - 1 }));
