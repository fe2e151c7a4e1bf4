import { type Config } from '@apwa/config';
import { type Stage, type TokenUsage, noCopies, noCounts } from '@apwa/contracts';
import { applyMigrations, createLogger } from '@apwa/service';
import { type PostgresServer, startPostgres, tempDir, type TempDir } from '@apwa/test-kit';
import { jest } from '@jest/globals';
import { Database } from '../src/database/database.js';
import { type RunRecord } from '../src/runs/run-record.js';
import { RunsRepository } from '../src/runs/runs.repository.js';
import { StagesRepository } from '../src/stages/stages.repository.js';
import { MIGRATIONS } from '../src/start.js';

jest.setTimeout(60_000);

const at = (ms: number) => new Date(Date.UTC(2026, 0, 1) + ms);
/** Keys in an order that no sorting gives, and what has to be escaped. */
const json = { zeta: { b: 1, a: [null, true, 'ü "\\ \u2028'] }, alpha: 0.1, longest: -1e21 };

/** Real: Postgres, and what Prisma reads of it. */
describe('a run with everything that belongs to it', () => {
  let dir: TempDir;
  let postgres: PostgresServer;
  let database: Database;
  let runs: RunsRepository;

  beforeAll(async () => {
    dir = await tempDir('records');
    postgres = await startPostgres({ dir: dir.path, durable: false });
    await applyMigrations({
      connectionString: postgres.url,
      schema: 'manager',
      directory: MIGRATIONS,
      log: createLogger('test', 'silent'),
    });
    database = new Database({ manager: { databaseUrl: postgres.url } } as Config);
    // Of the other repositories nothing is asked that only reads.
    runs = new RunsRepository(database, ...([] as unknown as [never, never, never, never, never]));
    await database.owner.create({
      data: { id: 'full', kind: 'run', finishedAt: at(1), holder: 'me', leasedUntil: at(2), controlVersion: 3 },
    });
    await database.run.create({
      data: {
        id: 'full',
        state: 'running',
        version: 7,
        request: json,
        plan: json,
        planVersion: 2,
        approvedAt: at(3),
        cancelRequestedAt: at(4),
        cancelReason: 'too dear',
        paused: json,
        pauses: [{ from: 1, to: 2 }],
        budget: json,
        planningStartedAt: at(5),
        error: json,
        startedAt: at(6),
        finishedAt: at(7),
        deletedAt: at(8),
        redriveOf: 'earlier',
        redriveSteps: ['a', 'b'],
        amendmentsAllowed: 2,
      },
    });
    for (const id of ['of_input', 'of_step', 'of_match', 'of_export'])
      await database.stage.create({
        data: { id, ownerId: 'full', kind: 'map', submission: json, submittedAt: at(9), version: 2, snapshot: json },
      });
    const table = {
      name: 'named',
      state: 'ready',
      version: 4,
      runId: 'full',
      inputs: ['x', 'with "quotes", and commas'],
      files: ['a.csv'],
      source: json,
      reference: json,
      columns: [json],
      rows: 2n ** 40n,
      metadata: json,
      rejectedTableId: 'rejected',
      error: json,
      startedAt: at(10),
      finishedAt: at(11),
      stages: ['s'],
      bytes: 2n ** 52n + 1n,
      deletedAt: at(12),
      removedAt: at(13),
      previousId: 'previous',
      earlier: ['e'],
      kept: json,
      templateKey: 'key',
    };
    await database.dataTable.create({ data: { ...table, id: 'table_input', stageId: 'of_input' } });
    await database.dataTable.create({ data: { ...table, id: 'table_step', stageId: 'of_step', stepId: 'step' } });
    await database.dataTable.create({ data: { ...table, id: 'table_match', stageId: 'of_match', matchOf: 'step' } });
    await database.dataTable.create({ data: { ...table, id: 'table_sample', sampleOf: 'step', sampleVersion: 2 } });
    await database.dataTable.create({ data: { ...table, id: 'table_replaced', replacedOf: 'step' } });
    const amendment = { runId: 'full', stepId: 'step', cause: 'failed', planVersion: 1 };
    const came = { outcome: 'amended', reason: 'x', failure: 'code hash', newVersion: 2, finishedAt: at(16), redo: [{ step: 'step', work: 'hash' }] };
    await database.amendment.create({ data: { ...amendment, number: 2, tableId: 'table_step' } });
    await database.amendment.create({ data: { ...amendment, ...came, number: 1, tableId: 'table_replaced' } });
    await database.dataTable.create({ data: { id: 'table_bare', name: 'bare', state: 'waiting', runId: 'full', stepId: 'other' } });
    await database.runInput.createMany({
      data: [
        { runId: 'full', name: 'second', position: 1, tableId: 'table_bare' },
        { runId: 'full', name: 'first', position: 0, tableId: 'table_input' },
      ],
    });
    const item = { tableId: 'table_step', runId: 'full', format: 'csv', rows: 'ok', bookkeeping: true, state: 'ready' };
    const more = { stageId: 'of_export', part: json, error: json, deletedAt: at(14), removedAt: at(15) };
    await database.export.create({ data: { ...item, id: 'export_1', position: 1 } });
    await database.export.create({ data: { ...item, ...more, id: 'export_2', stepId: 'step', position: 0 } });
    const version = { runId: 'full', by: 'person', reason: 'x', document: json, hash: 'h' };
    await database.planVersion.create({ data: { ...version, version: 1, quote: { steps: [] } } });
    await database.planVersion.create({ data: { ...version, version: 2, quote: json } });
    for (const turn of [1, 0, 2])
      await database.plannerTurn.create({
        data: { runId: 'full', turn, messages: [], notes: [], outcome: 'text', usage: json, costUsd: 0.1 + 0.2 },
      });
    await database.owner.create({ data: { id: 'try', kind: 'run' } });
    await database.run.create({ data: { id: 'try', state: 'succeeded', request: json, tryOf: 'full' } });
    await database.dataTable.create({ data: { ...table, id: 'table_try', runId: 'try', sampleOf: 'step', sampleVersion: 1 } });
    await database.owner.create({ data: { id: 'bare', kind: 'run' } });
    await database.run.create({ data: { id: 'bare', state: 'importing', request: json } });
    // As it stands where the column came after the row.
    await database.$executeRaw`UPDATE manager.runs SET redrive_steps = NULL WHERE id = 'bare'`;
  });
  afterAll(async () => {
    await database.$disconnect();
    await postgres.stop();
    await dir.remove();
  });

  const withoutLarge = { include: { stage: { omit: { submission: true } } }, omit: { metadata: true } } as const;
  const inPrismasWords = async (id: string): Promise<RunRecord> => {
    const inputs = await database.runInput.findMany({
      where: { runId: id },
      orderBy: { position: 'asc' },
      select: { name: true, table: withoutLarge },
    });
    const turns = await database.plannerTurn.findMany({
      where: { runId: id },
      orderBy: { turn: 'asc' },
      select: { turn: true, outcome: true, usage: true, costUsd: true },
    });
    return {
      run: await database.run.findUniqueOrThrow({ where: { id } }),
      owner: await database.owner.findUniqueOrThrow({ where: { id } }),
      inputs,
      steps: await database.dataTable.findMany({ where: { runId: id, stepId: { not: null } }, ...withoutLarge, orderBy: { id: 'asc' } }),
      matches: await database.dataTable.findMany({ where: { runId: id, matchOf: { not: null } }, ...withoutLarge }),
      levels: await database.dataTable.findMany({
        where: { runId: id, levelOf: { not: null } },
        ...withoutLarge,
        orderBy: { level: 'asc' },
      }),
      samples: await database.dataTable.findMany({ where: { runId: id, sampleOf: { not: null } }, ...withoutLarge }),
      tries: await database.dataTable.findMany({
        where: { runId: id === 'full' ? 'try' : 'none', sampleOf: { not: null } },
        ...withoutLarge,
      }),
      quote: ((await database.planVersion.findFirst({ where: { runId: id, version: 2 } }))?.quote ?? null) as RunRecord['quote'],
      exports: await database.export.findMany({
        where: { runId: id },
        include: { stage: { omit: { submission: true } } },
        orderBy: { position: 'asc' },
      }),
      turns: turns.map(({ turn, outcome, usage, costUsd }) => ({ turn, outcome, usage: usage as unknown as TokenUsage, costUsd })),
      amendments: await database.amendment.findMany({ where: { runId: id }, orderBy: { number: 'asc' } }),
      replaced: await database.dataTable.findMany({ where: { runId: id, replacedOf: { not: null } }, ...withoutLarge }),
    };
  };

  it.each(['full', 'bare'])('should be read as Prisma reads it, field by field: %s', async (id) => {
    const record = await runs.load(id);
    expect(record).toStrictEqual(await inPrismasWords(id));
    expect(record?.run.createdAt).toBeInstanceOf(Date);
  });

  it('should have the keys of its JSON in the order in which they were written', async () => {
    const record = await runs.load('full');
    const written = JSON.stringify(json);
    expect(JSON.stringify(record?.run.plan)).toBe(written);
    expect(JSON.stringify(record?.steps.find(({ stepId }) => stepId === 'step')?.stage?.snapshot)).toBe(written);
    expect(JSON.stringify(record?.inputs[0]?.table.reference)).toBe(written);
    expect(JSON.stringify(record?.exports[0]?.part)).toBe(written);
  });

  it('should be read again only where it has changed since', async () => {
    expect(await runs.loadChanged('full', 7)).toBe('unchanged');
    expect(await runs.loadChanged('full', 6)).toStrictEqual(await runs.load('full'));
    expect(await runs.loadChanged('nobody', 6)).toBeNull();
    expect(await runs.load('nobody')).toBeNull();
  });

  it('should be listed as it is, the newest first, without those that are deleted', async () => {
    await database.run.create({ data: { id: 'newer', state: 'importing', request: json } });
    await database.owner.create({ data: { id: 'newer', kind: 'run' } });
    expect((await runs.list(10)).map(({ run }) => run.id)).toEqual(['newer', 'bare']);
    expect((await runs.list(10, 'bare')).map(({ run }) => run.id)).toEqual([]);
  });

  it('should have news of a stage written down once, whoever hears of them and in whatever order', async () => {
    const stages = new StagesRepository(database);
    await database.owner.create({ data: { id: 'told', kind: 'run' } });
    await database.run.create({ data: { id: 'told', state: 'running', request: json } });
    await database.stage.create({ data: { id: 'stage', ownerId: 'told', kind: 'map', submission: json } });
    const said = (version: number): Stage => ({
      id: 'stage',
      ownerId: 'told',
      state: 'running',
      version,
      subtasks: 10,
      shards: { open: 1, active: 0, committed: 0 },
      counts: noCounts(),
      progress: { ...noCounts(), ok: version, examples: { unknown: 'a \u0000 and a \ud800' } },
      copies: noCopies(),
      fault: null,
      waitingFor: null,
    });
    const versions = [3, 1, 8, 2, 8, 5, 7, 6, 4, 8];
    const heard = await Promise.all(versions.map((version) => stages.record([said(version)])));
    const row = await database.stage.findUniqueOrThrow({ where: { id: 'stage' } });
    const told = said(8);
    expect(row).toMatchObject({ version: 8, submittedAt: expect.any(Date) as Date });
    expect(JSON.stringify(row.snapshot)).toBe(
      JSON.stringify({ ...told, progress: { ...told.progress, examples: { unknown: 'a \uFFFD and a \uFFFD' } } }),
    );
    const news = heard.filter(({ changed }) => changed.has('told')).length;
    expect((await database.run.findUniqueOrThrow({ where: { id: 'told' } })).version).toBe(news);
    expect((await stages.record([said(8)])).changed.size).toBe(0);
  });
});
