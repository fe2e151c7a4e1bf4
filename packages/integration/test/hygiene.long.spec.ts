import {
  journalStream,
  journalSubject,
  newId,
  newLeaseToken,
  type Plan,
  type PruneReport,
  type Run,
  type StorageCheckEvent,
} from '@apwa/contracts';
import { JournalReader, Messaging } from '@apwa/messaging';
import { eventually, tempDir, type TempDir } from '@apwa/test-kit';
import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { apwa, apwaOnTerminal } from './support/command.js';
import { expectEveryRowOnce, mailPlan, numberedRows, System } from './support/system.js';

const ROWS = 300;

const plan: Plan = {
  ...mailPlan(),
  steps: [
    ...mailPlan().steps,
    { id: 'counts', kind: 'sql', inputs: ['mails'], query: 'SELECT count(*) AS n, count(DISTINCT email) AS mails FROM mails' },
  ],
  outputs: ['mails', 'counts'],
};

/** The same question once more, of the rows of a table that a run has made. */
const onTop = (input: string): Plan => ({
  version: 1,
  steps: mailPlan(input).steps.map((step) =>
    step.kind === 'map'
      ? {
          ...step,
          id: 'on_top',
          template: {
            ...step.template,
            output: {
              type: 'object',
              required: ['again'],
              properties: { again: { type: ['string', 'null'], description: 'The email address' } },
            },
          },
        }
      : step,
  ),
  outputs: ['on_top'],
});

const isData = (key: string) => key.startsWith('parts/') || key.startsWith('manifests/') || key.startsWith('journal/');
const total = (objects: Map<string, number>) => [...objects.values()].reduce((sum, bytes) => sum + bytes, 0);

/** Real: everything, spoken to by the built command `apwa`. What is old has been made so in the database and on the disk. */
describe('storage hygiene', () => {
  let system: System;
  let dir: TempDir;

  beforeAll(async () => {
    system = await System.start();
    dir = await tempDir();
  });
  afterAll(async () => {
    await system.stop();
    await dir.remove();
  });

  const command = (...args: string[]) => apwa(args, { cwd: dir.path, url: system.stack.url });
  const json = async <T>(...args: string[]): Promise<T> => {
    const { code, out, err } = await command(...args, '--json');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    return JSON.parse(out) as T;
  };
  const prune = (...args: string[]) => json<PruneReport>('tables', 'prune', '--older-than', '30d', ...args);
  const data = async () => new Map([...(await system.stored())].filter(([key]) => isData(key)));
  const tableOf = (run: Run, step: string): string => run.steps.find(({ id }) => id === step)?.tableId ?? '';
  const age = async (run: Run) => {
    await system.catalogue(`UPDATE tables SET finished_at = now() - interval '40 days' WHERE run_id = $1`, [run.id]);
    await system.catalogue(`UPDATE runs SET finished_at = now() - interval '40 days' WHERE id = $1`, [run.id]);
  };
  const finished = async (options: Parameters<System['run']>[0]): Promise<Run> => {
    const run = await system.run(options);
    expect(run).toMatchObject({ state: 'succeeded', error: null });
    return run;
  };
  const rowsOf = async (schema: 'ledger' | 'catalogue', ...tables: string[]): Promise<number> => {
    const counts = tables.map((table) => `(SELECT count(*) FROM ${table})`).join(' + ');
    const [row] = await system[schema]<{ n: string }>(`SELECT ${counts} AS n`);
    return Number(row?.n);
  };
  const ledgerRows = () => rowsOf('ledger', 'runs', 'stages', 'shards', 'attempts');
  const catalogueRows = () => rowsOf('catalogue', 'runs', 'run_inputs', 'tables', 'exports', 'stages', 'owners', 'planner_turns');

  describe('a prune', () => {
    it('should free the bytes of exactly what was pruned, and leave readable what younger tables share', async () => {
      const old = await finished({ inputs: { rows: numberedRows(ROWS) }, plan, outputs: [{ format: 'csv' }] });
      await age(old);
      // A younger run reads the old one's table: its own table refers to the old parts, and theirs to the import's.
      const young = await system.wait(
        (await system.client.runs.create({ plan: onTop('found'), inputs: [{ name: 'found', table: tableOf(old, 'mails') }] })).id,
      );
      expect(young).toMatchObject({ state: 'succeeded', error: null });
      const content = await system.rows(young, 'on_top');
      expectEveryRowOnce(content, ROWS);
      const exported = await data();

      const dry = await prune('--dry-run');
      expect(dry).toMatchObject({ dryRun: true, counts: { tables: 1, exports: 1, runs: 0 }, tables: [{ id: tableOf(old, 'counts') }] });
      expect(dry.kept.map(({ name, because }) => [name, because]).sort()).toEqual([
        ['mails', 'made_into'],
        ['rows', 'made_into'],
      ]);
      expect(await data()).toEqual(exported);

      expect(await prune('--yes')).toEqual({ ...dry, dryRun: false });
      const left = await data();
      const gone = new Map([...exported].filter(([key]) => !left.has(key)));
      expect([...left].filter(([key, bytes]) => exported.get(key) !== bytes)).toEqual([]);
      const parts = [...gone].filter(([key]) => key.startsWith('parts/'));
      expect(parts).toHaveLength(2);
      expect(total(new Map(parts))).toBe(dry.bytes);
      expect([...gone.keys()].filter((key) => key.startsWith('manifests/'))).toHaveLength(1);
      expect(await system.rows(young, 'on_top')).toEqual(content);
      expectEveryRowOnce(await system.rows(old, 'mails'), ROWS);
      const { code, err } = await command('tables', 'show', tableOf(old, 'counts'));
      expect([code, err]).toEqual([2, expect.stringContaining(`The table ${tableOf(old, 'counts')} was deleted.`)]);
      expect(await command('tables', 'delete', tableOf(old, 'mails'), '--yes')).toMatchObject({
        code: 2,
        err: expect.stringContaining(tableOf(young, 'on_top')) as string,
      });

      // Once nothing is made from them any more, they go, and the run with the last of them.
      await json('tables', 'delete', tableOf(young, 'on_top'), '--yes');
      await system.catalogue(`UPDATE exports SET created_at = now() - interval '40 days'`);
      expect((await prune('--yes')).counts).toMatchObject({ tables: 2, runs: 1 });
      expect([...(await data()).keys()]).toEqual([]);
      await age(young);
      expect((await prune('--yes')).counts).toMatchObject({ tables: 0, runs: 1 });
      await eventually(async () => (await catalogueRows()) === 0);
      expect(await ledgerRows()).toBe(0);
      expect((await system.client.tables.list()).tables).toEqual([]);
    });

    it('should be asked about on a terminal, and do nothing on a no', async () => {
      const run = await finished({ inputs: { rows: numberedRows(20) }, plan });
      await age(run);
      const onTerminal = (answer: string) =>
        apwaOnTerminal(['tables', 'prune', '--older-than', '30d'], { cwd: dir.path, url: system.stack.url, answer });
      const no = await onTerminal('n\n');
      expect(no.code).toBe(0);
      expect(no.out).toContain('3 tables, 0 exports and 1 run would go');
      expect(no.out).toContain('Delete them? [y/N]');
      expectEveryRowOnce(await system.rows(run, 'mails'), 20);
      const yes = await onTerminal('y\n');
      expect(yes.out).toContain('are deleted');
      await expect(system.client.tables.get(tableOf(run, 'mails'))).rejects.toMatchObject({ class: 'refused' });
      await eventually(async () => (await data()).size === 0);
    });

    it('should be carried to its end by a manager that comes after one that was killed in the middle of it', async () => {
      const steps = Array.from({ length: 12 }, (_, n): Plan['steps'][number] => {
        return { id: `s${n}`, kind: 'sql', inputs: ['rows'], query: `SELECT id + ${n} AS n FROM rows` };
      });
      const many: Plan = { version: 1, steps, outputs: steps.map(({ id }) => id) };
      const run = await finished({ inputs: { rows: numberedRows(50) }, plan: many, outputs: [{ format: 'csv' }] });
      const kept = await finished({ inputs: { rows: numberedRows(50) }, plan });
      await age(run);
      const before = await data();
      const { manager } = system.stack.services;
      // The sixth table's removal is held up where its objects are gone and its row does not say so yet.
      const ids = (await system.catalogue<{ id: string }>('SELECT id FROM tables WHERE run_id = $1 ORDER BY id', [run.id])).map(
        ({ id }) => id,
      );
      const hold = await holdRemoval(system.stack.databaseUrl, ids[5] ?? '');
      const pruning = prune('--yes').catch(() => null);
      await eventually(() => hold.isWaitedFor(), { timeoutMs: 60_000, what: 'the removal to be half done' });
      await manager.kill();
      await pruning;
      await hold.end();
      const halfway = await system.catalogue<{ deleted: boolean; removed: boolean }>(
        'SELECT deleted_at IS NOT NULL AS deleted, removed_at IS NOT NULL AS removed FROM tables WHERE run_id = $1',
        [run.id],
      );
      expect(halfway.every(({ deleted }) => deleted)).toBe(true);
      expect(halfway.filter(({ removed }) => removed)).toHaveLength(5);
      expect((await data()).size).toBeLessThan(before.size);
      await manager.restart();
      const left = () => system.catalogue('SELECT 1 FROM tables WHERE run_id = $1 UNION ALL SELECT 1 FROM runs WHERE id = $1', [run.id]);
      await eventually(async () => (await left()).length === 0, { timeoutMs: 90_000, what: 'the prune to be carried to its end' });
      expect(await system.ledger('SELECT 1 FROM stages WHERE owner_id = $1', [run.id])).toEqual([]);
      // What is left is what the other run has, whole.
      const stages = (await system.catalogue<{ id: string }>('SELECT id FROM stages')).map(({ id }) => id);
      const tables = (await system.catalogue<{ id: string }>('SELECT id FROM tables')).map(({ id }) => id);
      for (const key of (await data()).keys()) expect([...stages, ...tables]).toContain(key.split('/')[1]);
      expectEveryRowOnce(await system.rows(kept, 'mails'), 50);
      expect(await system.rows(kept, 'counts')).toMatchObject([{ n: 50 }]);
    });
  });

  it('should collect uploads that nobody needs, and no others', async () => {
    const abandoned = await system.client.uploads.of([numberedRows(10)]);
    const young = await system.client.uploads.of([numberedRows(10)]);
    await system.catalogue(`UPDATE uploads SET touched_at = now() - interval '2 days' WHERE id = $1`, [abandoned.id]);
    // It looks at once when it starts.
    await system.stack.services.manager.kill();
    await system.stack.services.manager.restart();
    const uploads = async () => new Set([...(await system.stored()).keys()].map((key) => key.split('/')[1]));
    await eventually(async () => !(await uploads()).has(abandoned.id), { timeoutMs: 30_000 });
    expect(await uploads()).toContain(young.id);
    await expect(system.client.uploads.get(abandoned.id)).rejects.toMatchObject({ code: 'not_found' });
  });

  describe('a check of the storage', () => {
    const check = async (...args: string[]): Promise<StorageCheckEvent[]> => {
      const { code, out, err } = await command('storage', 'check', '--json', ...args);
      expect({ code, err }).toEqual({ code: 0, err: '' });
      return out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as StorageCheckEvent);
    };
    const orphansOf = (events: StorageCheckEvent[]) => events.flatMap((event) => (event.type === 'orphan' ? [event.key] : []));
    const makeOld = async (path: string) => utimes(path, new Date(Date.now() - 3 * 86_400_000), new Date(Date.now() - 3 * 86_400_000));

    it('should find and remove what nothing names, whatever the ledger has lost', async () => {
      const run = await finished({ inputs: { rows: numberedRows(40) }, plan, outputs: [{ format: 'jsonl' }] });
      const folder = fileURLToPath((await system.config()).storage.url);
      const stray = `parts/${newId('stage')}/${newId('shard')}.${newLeaseToken()}.parquet`;
      const lost = `parts/${run.steps[0]?.stageId}/${newId('shard')}.${newLeaseToken()}.parquet`;
      for (const key of [stray, lost]) {
        await mkdir(dirname(join(folder, key)), { recursive: true });
        await writeFile(join(folder, key), 'what a dead member has left');
      }
      const young = [...(await system.stored())];
      expect(orphansOf(await check())).toEqual([]);
      for (const key of (await system.stored()).keys()) await makeOld(join(folder, key));
      expect(orphansOf(await check()).sort()).toEqual([stray, lost].sort());
      expect([...(await system.stored())].sort()).toEqual(young.sort());
      // The executor's database came back without the stages (H10): the catalogue still names what it has.
      await system.ledger('DELETE FROM stages WHERE owner_id = $1', [run.id]);
      const removed = await check('--remove');
      expect(orphansOf(removed).sort()).toEqual([stray, lost].sort());
      expect(removed.at(-1)).toMatchObject({ type: 'done', orphans: { objects: 2 }, removed: true });
      expect([...(await system.stored()).keys()].sort()).toEqual(
        young
          .map(([key]) => key)
          .filter((key) => key !== stray && key !== lost)
          .sort(),
      );
      expectEveryRowOnce(await system.rows(run, 'mails'), 40);
      const text = await command('storage', 'check');
      expect(text.out).toMatch(/^\d+ objects looked at: 0 orphans of 0 bytes\.\n$/);
    });

    it('should be refused for what may be named yet', async () => {
      const { code, err } = await command('storage', 'check', '--older-than', '10m', '--remove');
      expect(code).toBe(2);
      expect(err).toContain('1h or more');
    });
  });
});

const LOCK = 4_711;

/** Has whoever writes down that a table is removed wait, until `end`. */
const holdRemoval = async (connectionString: string, tableId: string) => {
  const client = new pg.Client({ connectionString, options: '-c search_path=manager' });
  await client.connect();
  await client.query('SELECT pg_advisory_lock($1)', [LOCK]);
  await client.query(`
    CREATE FUNCTION hold_removal() RETURNS trigger LANGUAGE plpgsql AS
      'BEGIN PERFORM pg_advisory_xact_lock(${LOCK}); RETURN NEW; END';
    CREATE TRIGGER hold_removal BEFORE UPDATE OF removed_at ON tables FOR EACH ROW WHEN (NEW.id = '${tableId}')
      EXECUTE FUNCTION hold_removal()`);
  return {
    isWaitedFor: async () => {
      const { rows } = await client.query<{ waiting: number }>(
        `SELECT count(*)::int AS waiting FROM pg_locks WHERE locktype = 'advisory' AND objid = ${LOCK} AND NOT granted`,
      );
      return (rows[0]?.waiting ?? 0) > 0;
    },
    /** Whoever waits has died. */
    end: async () => {
      await client.query(`SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = ${LOCK} AND NOT granted`);
      await client.query('DROP TRIGGER hold_removal ON tables; DROP FUNCTION hold_removal()');
      await client.end();
    },
  };
};

const JOURNAL_BYTES = 96 * 1024;
const MANY = 1_000;
const SLOTS = 32;

/** Real: everything; the journal has room for some two hundred answers. */
describe('a journal that is full', () => {
  let system: System;
  beforeAll(async () => {
    system = await System.start({
      slots: SLOTS,
      config: { executor: { journalBytes: JOURNAL_BYTES } },
      offlineModel: { latencyMs: 100, jitterMs: 100 },
    });
  });
  afterAll(() => system.stop());

  const journal = async (): Promise<{ bytes: number; messages: number }> => {
    const messaging = await Messaging.connect({ url: system.stack.services.nats.url }, { name: 'integration test' });
    try {
      const reply = await messaging.connection.request(`$JS.API.STREAM.INFO.${journalStream(1)}`);
      return reply.json<{ state: { bytes: number; messages: number } }>().state;
    } finally {
      await messaging.close();
    }
  };

  const rowsInJournal = async (stageId: string): Promise<number> => {
    const messaging = await Messaging.connect({ url: system.stack.services.nats.url }, { name: 'integration test' });
    try {
      const shardSubjects = journalSubject(1, stageId, '*', '*');
      const rows = new Set<number>();
      const place = { stream: journalStream(1), incarnation: 1, subject: shardSubjects, shardSubjects };
      for await (const batch of new JournalReader(messaging).read(place))
        for (const { row } of Array.isArray(batch.rows) ? batch.rows : []) rows.add(row);
      return rows.size;
    } finally {
      await messaging.close();
    }
  };

  it('should be said by who waits for it, drop nothing and double nothing, and be over by itself', async () => {
    const said = new Set<string>();
    let most = 0;
    const run = await system.submit({ inputs: { rows: numberedRows(MANY) }, plan: mailPlan() });
    const ended = await eventually(
      async () => {
        const now = await system.client.runs.get(run.id);
        const waitingFor = now.steps[0]?.waitingFor;
        if (waitingFor) said.add(waitingFor);
        most = Math.max(most, (await journal()).bytes);
        return now.finishedAt ? now : null;
      },
      { timeoutMs: 180_000, what: 'the run to end' },
    );
    expect(ended).toMatchObject({ state: 'succeeded', error: null });
    expect([...said]).toContainEqual(
      expect.stringMatching(/^the journal is full: it takes 98304 bytes at most \(executor\.journalBytes\)/),
    );
    expectEveryRowOnce(await system.rows(ended, 'mails'), MANY);
    expect((await system.modelStats()).requests).toBe(MANY);
    expect(most).toBeGreaterThan(JOURNAL_BYTES / 2);
    expect(most).toBeLessThanOrEqual(JOURNAL_BYTES);
    // Nothing is left in it, and what comes next finds room.
    await eventually(async () => (await journal()).messages === 0, { timeoutMs: 30_000 });
    const { requests } = await system.modelStats();
    const next = await system.run({ inputs: { rows: numberedRows(100) }, plan: mailPlan() });
    expectEveryRowOnce(await system.rows(next, 'mails'), 100);
    expect((await system.modelStats()).requests).toBe(requests + 100);
  });

  it('should cost no more than what was not in it yet, when a member dies before it', async () => {
    const before = (await system.modelStats()).requests;
    const run = await system.submit({ inputs: { rows: numberedRows(600) }, plan: mailPlan() });
    await eventually(async () => (await system.client.runs.get(run.id)).steps[0]?.waitingFor?.startsWith('the journal is full'), {
      timeoutMs: 60_000,
      what: 'the journal to be full',
    });
    const [stage] = await system.ledger<{ id: string }>('SELECT id FROM stages WHERE owner_id = $1 AND state = $2', [run.id, 'running']);
    const journaled = await rowsInJournal(stage?.id ?? '');
    expect(journaled).toBeGreaterThan(0);
    const asked = (await system.modelStats()).requests - before;
    const [member] = await system.stack.memberPids();
    process.kill(member as number, 'SIGKILL');
    const ended = await system.wait(run.id);
    expect(ended).toMatchObject({ state: 'succeeded', error: null });
    expectEveryRowOnce(await system.rows(ended, 'mails'), 600);
    // What was asked and had no room in the journal, and what both members have asked since that was looked at.
    expect((await system.modelStats()).requests - before).toBeLessThanOrEqual(600 + (asked - journaled) + 2 * SLOTS);
  });
});
