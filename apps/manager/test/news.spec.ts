import { type Plan, type Run, RunEvent } from '@apwa/contracts';
import { until } from '@apwa/stack';
import { jest } from '@jest/globals';
import { Api, World } from './support/world.js';

jest.setTimeout(60_000);

const plan: Plan = {
  version: 1,
  steps: [{ id: 'counted', kind: 'sql', inputs: ['rows'], query: 'SELECT count(*) AS n FROM rows' }],
  outputs: ['counted'],
};
const COLUMNS = [{ name: 'text', type: 'VARCHAR' }];
/** Longer than any test: what waits for it does not happen. */
const NEVER_MS = 600_000;

describe('news of a run', () => {
  let world: World;
  let api: Api;

  beforeAll(async () => {
    world = await World.start();
  });
  afterAll(() => world.stop());
  beforeEach(async () => {
    world.executor.decide = ({ work }) => (work.kind === 'import' ? { columns: COLUMNS } : null);
    await world.newDatabase();
  });
  afterEach(() => world.stopManagers());

  const begin = async (more: object = {}): Promise<{ id: string; stage: string }> => {
    const upload = await api.upload(['rows.csv', 'text\nhello\n']);
    const { id } = await api.ok<Run>('POST', '/v1/runs', { plan, inputs: [{ name: 'rows', upload }], ...more });
    const found = await until(() => world.executor.of('sql').find(({ submission }) => submission.ownerId === id), {
      timeoutMs: 10_000,
      what: 'the stage of the step',
    });
    return { id, stage: found.submission.stageId };
  };

  /** Events as they come; `over` when there are no more. */
  const follow = async (id: string): Promise<{ events: RunEvent[]; over: Promise<void> }> => {
    const response = await fetch(`${api.url}/v1/runs/${id}/events`);
    const events: RunEvent[] = [];
    const read = async () => {
      for await (const chunk of response.body ?? [])
        for (const line of Buffer.from(chunk).toString().split('\n'))
          if (line.startsWith('data: ')) events.push(RunEvent.parse(JSON.parse(line.slice(6))));
    };
    return { events, over: read() };
  };

  const PATIENT = { askMs: NEVER_MS, watchedAskMs: NEVER_MS };
  /** Changes with each look at a run: whoever looks takes its lease. */
  const looks = async (id: string): Promise<string> => {
    const [row] = await world.sql<{ xmin: string }>('SELECT xmin::text FROM owners WHERE id = $1', [id]);
    return row?.xmin ?? '';
  };
  /** A run that waits for the stage of its step. */
  const beginAndRest = async (more: object = {}): Promise<{ id: string; stage: string }> => {
    const begun = await begin(more);
    await until(async () => (await world.sql('SELECT id FROM owners WHERE id = $1 AND holder IS NULL', [begun.id])).length > 0, {
      timeoutMs: 10_000,
      what: 'a run that nobody works on',
    });
    return begun;
  };
  const progressOf = ({ steps }: Run): number => steps[0]?.counts.ok ?? 0;

  it('should be told at once where they are of an end', async () => {
    api = new Api((await world.manager({ ...PATIENT, coalesceMs: NEVER_MS, eventMs: NEVER_MS })).url);
    const { id, stage } = await begin();
    const { events, over } = await follow(id);
    await until(() => events.length > 0, { timeoutMs: 10_000, what: 'the first event' });
    await world.executor.settle(stage, { columns: COLUMNS });
    await over;
    expect(events.map((event) => event.type === 'run' && event.run.state)).toEqual(['running', 'succeeded']);
  });

  it('should have it looked at where something may be to be done, and not for progress alone', async () => {
    api = new Api((await world.manager(PATIENT)).url);
    const { id, stage } = await beginAndRest();
    const before = await looks(id);
    for (const ok of [1, 2, 3]) {
      world.executor.progress(stage, ok);
      await until(async () => progressOf(await api.run(id)) === ok, { timeoutMs: 10_000, what: 'progress' });
    }
    expect(await looks(id)).toBe(before);
    await world.executor.settle(stage, { columns: COLUMNS });
    expect((await api.until(id)).state).toBe('succeeded');
  });

  it('should have a run with a budget looked at for progress too: time has passed', async () => {
    api = new Api((await world.manager(PATIENT)).url);
    const { id, stage } = await beginAndRest({ budget: { timeMs: NEVER_MS } });
    const before = await looks(id);
    world.executor.progress(stage, 1);
    await until(async () => (await looks(id)) !== before, { timeoutMs: 10_000, what: 'a look' });
    await world.executor.settle(stage, { columns: COLUMNS });
    expect((await api.until(id)).state).toBe('succeeded');
  });

  it('should not be asked for again of stages that have ended', async () => {
    api = new Api((await world.manager(PATIENT)).url);
    const { id, stage } = await beginAndRest();
    const ended = world.executor.of('import').find(({ submission }) => submission.ownerId === id)?.stage;
    world.executor.progress(stage, 1);
    await until(async () => progressOf(await api.run(id)) === 1, { timeoutMs: 10_000, what: 'progress' });
    expect(world.executor.seen.at(-1)).toEqual({ [ended?.id ?? '']: ended?.version, [stage]: 1 });
    await world.executor.settle(stage, { columns: COLUMNS });
    expect((await api.until(id)).state).toBe('succeeded');
  });
});
