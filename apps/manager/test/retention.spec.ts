import { type Export, type Plan, type PruneReport, type Run, type RunList, type Table, type TableList, newId } from '@apwa/contracts';
import { until } from '@apwa/stack';
import { writeManifest } from '@apwa/tables';
import { jest } from '@jest/globals';
import { spawnManager } from './support/manager-process.js';
import { Api, World } from './support/world.js';

jest.setTimeout(120_000);

const map = (id: string, input: string): Plan['steps'][number] => ({
  id,
  kind: 'map',
  input,
  template: { mode: 'llm', instructions: 'Judge {{text}}', output: { type: 'object', properties: { [`mood_${id}`]: { type: 'string' } } } },
});
/** A map, a map of that, and a count of the last one. */
const plan: Plan = {
  version: 1,
  steps: [
    map('first', 'rows'),
    map('second', 'first'),
    { id: 'counted', kind: 'sql', inputs: ['second'], query: 'SELECT count(*) AS n FROM second' },
  ],
  outputs: ['second', 'counted'],
};
const COLUMNS = [{ name: 'text', type: 'VARCHAR' }];
const LONG_AGO = `now() - interval '40 days'`;

describe('what is deleted', () => {
  let world: World;
  let api: Api;

  beforeAll(async () => {
    world = await World.start();
  });
  afterAll(() => world.stop());
  beforeEach(async () => {
    world.executor.decide = ({ work }) => (work.kind === 'import' ? { columns: COLUMNS, rows: 150 } : { content: work.kind });
    world.executor.unreachable = false;
    await world.newDatabase();
    for (const key of await world.keys()) await world.storage.delete(key);
    world.executor.forget();
    await start();
  });
  afterEach(() => world.stopManagers());

  const start = async () => {
    api = new Api((await world.manager()).url);
  };
  const retain = async (retention: Partial<World['config']['retention']>) => {
    await world.stopManagers();
    world.config = { ...world.config, retention: { ...world.config.retention, ...retention } };
    await start();
  };
  const begin = async (more: object = {}): Promise<string> => {
    const upload = await api.upload(['rows.csv', 'text\nhello\n']);
    return (await api.ok<Run>('POST', '/v1/runs', { plan, inputs: [{ name: 'rows', upload }], ...more })).id;
  };
  /** A run that has ended, with its files. */
  const finished = async (more: object = {}): Promise<Run> => {
    const run = await api.until(await begin({ outputs: [{ format: 'csv' }], ...more }));
    expect(run.state).toBe('succeeded');
    return run;
  };
  /** Makes all of a run old, or one table. */
  const age = async (id: string, by = LONG_AGO) => {
    await world.sql(`UPDATE tables SET finished_at = ${by}, created_at = ${by} WHERE run_id = $1 OR id = $1`, [id]);
    await world.sql(`UPDATE exports SET created_at = ${by} WHERE run_id = $1 OR id = $1 OR table_id = $1`, [id]);
    await world.sql(`UPDATE runs SET finished_at = ${by} WHERE id = $1 AND finished_at IS NOT NULL`, [id]);
  };
  const tableOf = (run: Run, step: string): string =>
    run.steps.find(({ id }) => id === step)?.tableId ?? run.inputs.find(({ name }) => name === step)?.tableId ?? '';
  const prune = (dryRun = false) => api.ok<PruneReport>('POST', '/v1/tables/prune', { olderThan: '30d', dryRun });
  const rowsLeft = async (): Promise<number> => {
    const tables = ['runs', 'run_inputs', 'planner_turns', 'tables', 'exports', 'stages', 'owners'];
    const [row] = await world.sql<{ n: number }>(`SELECT ${tables.map((table) => `(SELECT count(*) FROM ${table})`).join(' + ')} AS n`);
    return Number(row?.n);
  };
  const dataKeys = async () => (await world.keys()).filter((key) => !key.startsWith('uploads/'));
  const stagesOf = (ownerId: string) => [...world.executor.stages.values()].filter(({ submission }) => submission.ownerId === ownerId);

  describe('by a prune', () => {
    it('should be the old tables with their files and runs: said before, exactly those, and nothing of them left', async () => {
      const kept = await finished();
      const before = { keys: await dataKeys(), rows: await rowsLeft() };
      const old = await finished();
      await age(old.id);
      const more = (await dataKeys()).filter((key) => !before.keys.includes(key));
      // Four tables of a part or fifty, and two files.
      expect(more.filter((key) => key.startsWith('parts/'))).toHaveLength(1 + 50 + 50 + 1 + 2);
      const bytes = 'x'.length + 100 * 'map'.length + 'sql'.length + 2 * 'export'.length;

      const dry = await prune(true);
      expect(dry).toMatchObject({ dryRun: true, counts: { tables: 4, exports: 2, runs: 1 }, bytes, kept: [], removing: 0 });
      expect(dry.tables.map(({ name }) => name).sort()).toEqual(['counted', 'first', 'rows', 'second']);
      expect((await api.run(old.id)).state).toBe('succeeded');

      const report = await prune();
      expect(report).toEqual({ ...dry, dryRun: false });
      expect(await dataKeys()).toEqual(before.keys);
      await until(async () => (await rowsLeft()) === before.rows, { timeoutMs: 5_000, what: 'the rows to be gone' });
      expect(stagesOf(old.id)).toEqual([]);
      for (const { id } of dry.tables) expect(await api.refused('GET', `/v1/tables/${id}`)).toMatchObject({ status: 404 });
      expect(await api.refused('GET', `/v1/runs/${old.id}`)).toMatchObject({ status: 404 });

      expect(stagesOf(kept.id)).toHaveLength(6);
      expect((await api.ok<RunList>('GET', '/v1/runs')).runs).toEqual([kept]);
      await api.ok('GET', `/v1/tables/${tableOf(kept, 'second')}/head`);
      expect(await prune()).toMatchObject({ counts: { tables: 0, exports: 0, runs: 0 }, bytes: 0 });
    });

    it('should not be what a younger table is made from, however far back', async () => {
      const run = await finished();
      await age(run.id);
      const young = tableOf(run, 'second');
      await age(young, 'now()');
      const report = await prune();
      expect(report.tables.map(({ name }) => name)).toEqual(['counted']);
      const kept = new Map(report.kept.map(({ name, because, by }) => [name, { because, by }]));
      expect(kept.get('first')).toEqual({ because: 'made_into', by: young });
      expect(kept.get('rows')).toEqual({ because: 'made_into', by: tableOf(run, 'first') });
      expect(report.counts.runs).toBe(0);
      for (const step of ['rows', 'first', 'second']) await api.ok('GET', `/v1/tables/${tableOf(run, step)}/head`);
      // The run's record stays with its last table, and tells what became of the others.
      expect((await api.run(run.id)).steps.map(({ id, state }) => [id, state])).toEqual([
        ['first', 'succeeded'],
        ['second', 'succeeded'],
        ['counted', 'succeeded'],
      ]);
      expect(await api.refused('GET', `/v1/tables/${tableOf(run, 'counted')}`)).toMatchObject({ status: 410, code: 'deleted' });
      await age(young);
      expect((await prune()).counts).toEqual({ tables: 3, exports: 1, runs: 1 });
      await until(async () => (await rowsLeft()) === 0, { timeoutMs: 5_000, what: 'the rows to be gone' });
      expect(await dataKeys()).toEqual([]);
    });

    it('should not be what a run reads or makes that has not ended', async () => {
      const table = await api.table();
      await age(table.id);
      world.executor.decide = ({ work }) => (work.kind === 'map' ? null : { columns: COLUMNS });
      const { id } = await api.ok<Run>('POST', '/v1/runs', { plan, inputs: [{ name: 'rows', table: table.id }] });
      await until(() => stagesOf(id).length > 0, { timeoutMs: 10_000, what: 'a stage' });
      await age(id);
      const { counts, kept } = await prune();
      expect(counts).toEqual({ tables: 0, exports: 0, runs: 0 });
      expect(kept.find((one) => one.id === table.id)).toMatchObject({ because: 'read_by_run', by: id });
      expect(kept.filter(({ because, by }) => because === 'read_by_run' && by === id)).toHaveLength(4);
      await api.ok('POST', `/v1/runs/${id}/cancel`);
      await api.until(id);
      await age(id);
      expect((await prune()).counts).toEqual({ tables: 4, exports: 0, runs: 1 });
      expect(await dataKeys()).toEqual([]);
    });

    it('should not be what is being exported, or imported', async () => {
      const table = await api.table();
      world.executor.decide = () => null;
      const { id: exportId } = await api.ok<Export>('POST', `/v1/tables/${table.id}/exports`, { format: 'csv' });
      const upload = await api.upload(['rows.csv', 'text\nhello\n']);
      const { id: importing } = await api.ok<Table>('POST', '/v1/tables', { name: 'importing', upload });
      await until(() => stagesOf(exportId).length + stagesOf(importing).length === 2, { timeoutMs: 10_000, what: 'both stages' });
      await world.sql(`UPDATE tables SET created_at = ${LONG_AGO}, finished_at = CASE WHEN finished_at IS NOT NULL THEN ${LONG_AGO} END`);
      const reasons = (await prune()).kept.map(({ name, because, by }) => [name, because, by]);
      expect(reasons.sort()).toEqual([
        ['importing', 'unfinished', null],
        ['rows', 'exported', exportId],
      ]);
      expect(await api.refused('DELETE', `/v1/tables/${importing}`)).toMatchObject({ status: 409, code: 'in_use', value: 'unfinished' });
      expect(await api.refused('DELETE', `/v1/tables/${table.id}`)).toMatchObject({ status: 409, code: 'in_use', value: exportId });
      for (const id of [exportId, importing]) await world.executor.settle(stagesOf(id)[0]?.submission.stageId ?? '', { columns: COLUMNS });
      await until(async () => (await api.ok<Export>('GET', `/v1/exports/${exportId}`)).state === 'ready', {
        timeoutMs: 10_000,
        what: 'the file',
      });
      expect((await prune()).counts).toEqual({ tables: 1, exports: 1, runs: 0 });
    });

    it.each([
      [{}, 'olderThan'],
      [{ olderThan: '-3d' }, 'olderThan'],
      [{ olderThan: '0d' }, 'olderThan'],
      [{ olderThan: 30 }, 'olderThan'],
      [{ olderThan: '30d', dryrun: true }, 'dryrun'],
    ])('should be refused where it is asked for by %j', async (body, field) => {
      expect(await api.refused('POST', '/v1/tables/prune', body)).toMatchObject({ status: 400, field });
    });
  });

  describe('one by one', () => {
    it('should be gone for everybody at once, its run’s record apart', async () => {
      const run = await finished();
      const [second, counted] = [tableOf(run, 'second'), tableOf(run, 'counted')];
      const file = run.outputs.find(({ step }) => step === 'counted')?.exportId ?? '';
      world.executor.unreachable = true;
      // Nobody waits for what cannot be removed yet.
      expect(await api.ok<PruneReport>('DELETE', `/v1/tables/${counted}`)).toMatchObject({
        counts: { tables: 1, exports: 1, runs: 0 },
        removing: 2,
      });
      for (const [method, path, body] of [
        ['GET', `/v1/tables/${counted}`],
        ['GET', `/v1/tables/${counted}/head`],
        ['POST', `/v1/tables/${counted}/exports`, { format: 'csv' }],
        ['DELETE', `/v1/tables/${counted}`],
        ['GET', `/v1/exports/${file}`],
        ['GET', `/v1/exports/${file}/content`],
      ] as const)
        expect(await api.refused(method, path, body)).toMatchObject({ status: 410, class: 'refused', code: 'deleted' });
      expect((await api.ok<TableList>('GET', '/v1/tables')).tables.map(({ id }) => id)).not.toContain(counted);
      expect(await api.refused('POST', '/v1/runs', { goal: 'x', inputs: [{ name: 'rows', table: counted }] })).toMatchObject({
        status: 400,
        code: 'table_not_ready',
        field: 'inputs[0].table',
        value: 'deleted',
      });
      expect(await api.refused('DELETE', `/v1/tables/${newId('table')}`)).toMatchObject({ status: 404 });
      expect(await api.run(run.id)).toEqual(run);

      const stage = run.steps.find(({ id }) => id === 'counted')?.stageId ?? '';
      expect(world.executor.stages.has(stage)).toBe(true);
      world.executor.unreachable = false;
      await until(async () => !(await dataKeys()).some((key) => key.includes(stage)), { timeoutMs: 10_000, what: 'its data to be gone' });
      await until(() => !world.executor.stages.has(stage), { timeoutMs: 5_000, what: 'the executor to forget it' });
      // What tells of its content is gone with it; what it was, its run still says.
      await until(
        async () =>
          (await world.sql('SELECT 1 FROM tables WHERE id = $1 AND removed_at IS NOT NULL AND metadata IS NULL', [counted])).length === 1,
        {
          timeoutMs: 5_000,
          what: 'the row to be emptied',
        },
      );
      expect(await api.run(run.id)).toEqual(run);
      await api.ok('GET', `/v1/tables/${second}/head`);
    });

    it('should not be what another table is made from', async () => {
      const run = await finished();
      expect(await api.refused('DELETE', `/v1/tables/${tableOf(run, 'rows')}`)).toMatchObject({
        status: 409,
        code: 'in_use',
        field: 'id',
        value: tableOf(run, 'first'),
      });
      for (const step of ['counted', 'second', 'first', 'rows']) await api.ok('DELETE', `/v1/tables/${tableOf(run, step)}`);
      await until(async () => (await dataKeys()).length === 0, { timeoutMs: 10_000, what: 'all data to be gone' });
    });

    it('should leave the bad rows of an import, which stand beside its own', async () => {
      world.executor.decide = () => ({ columns: COLUMNS, rejected: 2 });
      const table = await api.table();
      const rejected = table.rejectedTableId ?? '';
      const [own] = (await world.keys()).filter((key) => /^parts\/.*[0-9a-f]{32}\.parquet$/.test(key));
      const [bad] = (await world.keys()).filter((key) => key.endsWith('.rejected.parquet'));
      await api.ok('DELETE', `/v1/tables/${table.id}`);
      expect((await dataKeys()).filter((key) => key === own)).toEqual([]);
      expect((await dataKeys()).filter((key) => key === bad)).toEqual([bad]);
      expect(await api.ok<Table>('GET', `/v1/tables/${rejected}`)).toMatchObject({ state: 'ready', rows: 2 });
      await api.ok('DELETE', `/v1/tables/${rejected}`);
      expect(await dataKeys()).toEqual([]);
    });

    it('should leave parts that a table which stays names too, and all of them when it goes', async () => {
      const run = await finished();
      const stage = run.steps.find(({ id }) => id === 'second')?.stageId ?? '';
      const parts = (await world.keys()).filter((key) => key.startsWith(`parts/${stage}/`));
      // A later version of a table, as a redrive would write it: some parts are those of before.
      const shared = parts.slice(0, 3);
      const id = newId('table');
      const manifest = { tableId: id, version: 1, columns: COLUMNS, ownColumns: COLUMNS, rows: 3 };
      const named = shared.map((key, firstRow) => ({ key, bytes: 3, sha256: 'a'.repeat(64), rows: 1, firstRow }));
      const reference = await writeManifest(world.storage, { ...manifest, parts: named });
      await world.sql(
        `INSERT INTO tables (id, name, state, version, inputs, files, reference, stages, bytes, finished_at)
         VALUES ($1, 'redriven', 'ready', 1, '{}', '{}', $2, $3, 9, now())`,
        [id, JSON.stringify(reference), [stage]],
      );
      for (const step of ['counted', 'second']) await api.ok('DELETE', `/v1/tables/${tableOf(run, step)}`);
      const left = () => world.keys().then((keys) => keys.filter((key) => key.startsWith(`parts/${stage}/`)));
      await until(async () => (await left()).length === shared.length, { timeoutMs: 10_000, what: 'the other parts to be gone' });
      expect(await left()).toEqual(shared);
      await api.ok('DELETE', `/v1/tables/${id}`);
      expect(await left()).toEqual([]);
    });

    it('should be either read by a new run or deleted, never both', async () => {
      const counting: Plan = {
        version: 1,
        steps: [{ id: 'counted', kind: 'sql', inputs: ['rows'], query: 'SELECT count(*) AS n FROM rows' }],
        outputs: ['counted'],
      };
      const outcomes = new Set<string>();
      for (let round = 0; round < 12; round++) {
        const { id } = await api.table();
        const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
        const [created, gone] = await Promise.all([
          wait(round % 3 === 1 ? 8 : 0).then(() => api.send('POST', '/v1/runs', { plan: counting, inputs: [{ name: 'rows', table: id }] })),
          wait(round % 3 === 2 ? 8 : 0).then(() => api.send('DELETE', `/v1/tables/${id}`)),
        ]);
        const statuses = [created.status, gone.status];
        outcomes.add(statuses.join());
        if (created.status === 201) {
          // It was there from the beginning to the end of the run, or went after that.
          expect((await api.until((created.body as Run).id)).state).toBe('succeeded');
          expect([409, 200]).toContain(gone.status);
          expect((await world.sql('SELECT 1 FROM tables WHERE inputs @> ARRAY[$1] AND reference IS NOT NULL', [id])).length).toBe(1);
          if (gone.status === 409) await api.ok('GET', `/v1/tables/${id}/head`);
        } else expect(statuses).toEqual([400, 200]);
      }
      expect([...outcomes].every((one) => ['201,409', '400,200'].includes(one))).toBe(true);
    });
  });

  describe('and a manager that dies', () => {
    it('should be removed by the one that comes after it, to the end', async () => {
      await world.stopManagers();
      let process = await spawnManager(world);
      api = new Api(process.url);
      const old = await finished();
      await age(old.id);
      world.executor.unreachable = true;
      const asked = api.send('POST', '/v1/tables/prune', { olderThan: '30d' }).catch(() => null);
      await until(async () => (await world.sql('SELECT 1 FROM runs WHERE deleted_at IS NOT NULL')).length === 1, {
        timeoutMs: 10_000,
        what: 'the catalogue to say so',
      });
      process.child.kill('SIGKILL');
      await asked;
      expect((await dataKeys()).length).toBeGreaterThan(0);
      // Some objects are gone already: as if it had died in the middle.
      for (const key of (await dataKeys()).filter((one, at) => at % 2 === 0 && one.startsWith('parts/'))) await world.storage.delete(key);
      world.executor.unreachable = false;
      process = await spawnManager(world);
      api = new Api(process.url);
      await until(async () => (await rowsLeft()) === 0, { timeoutMs: 20_000, what: 'the rows to be gone' });
      expect(await dataKeys()).toEqual([]);
      expect(stagesOf(old.id)).toEqual([]);
      process.child.kill('SIGKILL');
    });
  });

  describe('by the configured retention', () => {
    const gone = (path: string, status = 404) =>
      until(async () => (await api.send('GET', path)).status === status, { timeoutMs: 10_000, what: `${path} to answer ${status}` });
    const uploadsIn = async () => new Set((await world.keys()).flatMap((key) => (key.startsWith('uploads/') ? [key.split('/')[1]] : [])));
    const ageUpload = (id: string, by = `now() - interval '2 days'`) =>
      world.sql(`UPDATE uploads SET touched_at = ${by} WHERE id = $1`, [id]);

    it('should be uploads that nobody used or needs, a day after', async () => {
      const [abandoned, young] = [await api.upload(['a.csv', 'x']), await api.upload(['a.csv', 'x'])];
      await ageUpload(abandoned);
      await gone(`/v1/uploads/${abandoned}`);
      await until(async () => !(await uploadsIn()).has(abandoned), { timeoutMs: 5_000, what: 'its files to be gone' });
      expect(await uploadsIn()).toEqual(new Set([young]));

      // While an import reads it, it stays, however old it is.
      world.executor.decide = () => null;
      const { id } = await api.ok<Table>('POST', '/v1/tables', { name: 'rows', upload: young });
      const [stage] = await until(() => (stagesOf(id).length > 0 ? stagesOf(id) : null), { timeoutMs: 5_000, what: 'the import' });
      await ageUpload(young);
      const { id: witness } = await api.ok<{ id: string }>('POST', '/v1/uploads');
      await ageUpload(witness);
      await gone(`/v1/uploads/${witness}`);
      expect(await uploadsIn()).toEqual(new Set([young]));
      // And for a day after that, for it may be imported again.
      await world.executor.settle(stage?.submission.stageId ?? '', { columns: COLUMNS });
      await until(async () => (await api.ok<Table>('GET', `/v1/tables/${id}`)).state === 'ready', { timeoutMs: 5_000, what: 'the table' });
      const { id: another } = await api.ok<{ id: string }>('POST', '/v1/uploads');
      await ageUpload(another);
      await gone(`/v1/uploads/${another}`);
      await api.ok('GET', `/v1/uploads/${young}`);
      await world.sql(`UPDATE tables SET finished_at = now() - interval '25 hours' WHERE id = $1`, [id]);
      await gone(`/v1/uploads/${young}`);
      expect(await api.refused('POST', '/v1/tables', { name: 'rows', upload: young })).toMatchObject({
        code: 'unknown_upload',
        field: 'upload',
      });
      await api.ok('GET', `/v1/tables/${id}/head`);
      expect(await uploadsIn()).toEqual(new Set());
    });

    it('should not be an upload that a file is on its way to', async () => {
      const { id } = await api.ok<{ id: string }>('POST', '/v1/uploads');
      await ageUpload(id);
      const answer = await fetch(`${api.url}/v1/uploads/${id}/files?name=a.csv`, { method: 'PUT', body: 'text\n' });
      // Either it was abandoned before, or it is there and stays.
      if (answer.ok) await api.ok('GET', `/v1/uploads/${id}`);
      else expect(answer.status).toBe(404);
      const [row] = await world.sql<{ young: boolean }>(
        `SELECT touched_at > now() - interval '1 hour' AS young FROM uploads WHERE id = $1`,
        [id],
      );
      expect(row?.young ?? true).toBe(true);
    });

    it('should be files of exports alone, if it says so', async () => {
      const run = await finished();
      await age(run.id);
      await retain({ exports: '30d' });
      for (const { exportId } of run.outputs) await gone(`/v1/exports/${exportId}`, 410);
      await until(async () => !(await world.keys()).some((key) => key.endsWith('.csv')), {
        timeoutMs: 5_000,
        what: 'the files to be gone',
      });
      expect(await api.run(run.id)).toMatchObject({ state: 'succeeded', outputs: run.outputs });
      await api.ok('GET', `/v1/tables/${tableOf(run, 'second')}/head`);
    });

    it('should be tables, from the last one made to the first, and leave the records of runs', async () => {
      const [old, young] = [await finished(), await finished()];
      await age(old.id);
      await retain({ tables: '30d' });
      await gone(`/v1/tables/${tableOf(old, 'rows')}`, 410);
      const ofYoung = [young.id, ...young.steps.map(({ stageId }) => stageId ?? '')];
      await until(async () => (await dataKeys()).length > 0 && stagesOf(old.id).length === 0, {
        timeoutMs: 10_000,
        what: 'its data to be gone',
      });
      expect(await api.run(old.id)).toMatchObject({ state: 'succeeded', plan: old.plan, outputs: old.outputs });
      expect((await api.ok<TableList>('GET', '/v1/tables')).tables).toHaveLength(4);
      expect(ofYoung.length).toBe(4);
      await retain({ runs: '30d' });
      await gone(`/v1/runs/${old.id}`);
      await until(async () => (await world.sql('SELECT 1 FROM tables WHERE run_id = $1', [old.id])).length === 0, {
        timeoutMs: 5_000,
        what: 'its rows',
      });
      expect(await api.run(young.id)).toEqual(young);
      for (const step of ['rows', 'first', 'second', 'counted']) await api.ok('GET', `/v1/tables/${tableOf(young, step)}/head`);
    });

    it('should be runs that left no table, and those alone, if it says no more', async () => {
      const [planned, whole] = [await finished({ stopAfter: 'planning', outputs: [] }), await finished()];
      await age(planned.id);
      await age(whole.id);
      await retain({ runs: '30d' });
      // Its input is a table that is there.
      await api.ok('GET', `/v1/runs/${planned.id}`);
      await api.ok('DELETE', `/v1/tables/${tableOf(planned, 'rows')}`);
      await gone(`/v1/runs/${planned.id}`);
      expect((await api.run(whole.id)).state).toBe('succeeded');
      expect((await api.ok<TableList>('GET', '/v1/tables')).tables).toHaveLength(4);
    });
  });
});
