import { newId, newLeaseToken, type Run, StorageCheckEvent, type Plan } from '@apwa/contracts';
import { until } from '@apwa/stack';
import { jest } from '@jest/globals';
import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Api, World } from './support/world.js';

jest.setTimeout(60_000);

const plan: Plan = {
  version: 1,
  steps: [{ id: 'counted', kind: 'sql', inputs: ['rows'], query: 'SELECT count(*) AS n FROM rows' }],
  outputs: ['counted'],
};
type Orphan = Extract<StorageCheckEvent, { type: 'orphan' }>;
type Done = Extract<StorageCheckEvent, { type: 'done' }>;

/** Real: the manager, Postgres, NATS and storage. Scripted: the executor, which knows of its stages as the real one does. */
describe('a check of the storage', () => {
  let world: World;
  let api: Api;

  beforeAll(async () => {
    world = await World.start();
  });
  afterAll(() => world.stop());
  beforeEach(async () => {
    world.executor.decide = ({ work }) => (work.kind === 'import' ? { columns: [{ name: 'text', type: 'VARCHAR' }], rejected: 1 } : {});
    world.executor.unreachable = false;
    world.executor.mindful = false;
    await world.newDatabase();
    for (const key of await world.keys()) await world.storage.delete(key);
    for await (const { id } of world.storage.unfinished()) await world.storage.discard(id);
    world.executor.forget();
    api = new Api((await world.manager()).url);
  });
  afterEach(() => world.stopManagers());

  const days = (count: number) => new Date(Date.now() - count * 24 * 3_600_000);
  const age = async (keys: string[], by = 3) => {
    for (const key of keys) await utimes(world.storage.localPath(key) ?? '', days(by), days(by));
  };
  const put = async (key: string, by = 3): Promise<string> => {
    await world.storage.write(key, Buffer.from(key));
    await age([key], by);
    return key;
  };
  const check = async (body: object = {}): Promise<StorageCheckEvent[]> => {
    const response = await fetch(`${api.url}/v1/storage/check`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const blocks = (await response.text()).split('\n\n').filter((block) => block !== '');
    return blocks.map((block) => StorageCheckEvent.parse(JSON.parse(block.replace(/^data: /, ''))));
  };
  const orphansOf = (events: StorageCheckEvent[]) => events.filter((event): event is Orphan => event.type === 'orphan');
  const doneOf = (events: StorageCheckEvent[]) => events.at(-1) as Done;
  const finished = async (): Promise<Run> => {
    const upload = await api.upload(['rows.csv', 'text\nhello\n']);
    const { id } = await api.ok<Run>('POST', '/v1/runs', { plan, inputs: [{ name: 'rows', upload }], outputs: [{ format: 'csv' }] });
    return api.until(id);
  };
  const strayPart = (stage = newId('stage')) => `parts/${stage}/${newId('shard')}.${newLeaseToken()}.parquet`;

  it('should find nothing where all is named, however old it is', async () => {
    await finished();
    const keys = await world.keys();
    await age(keys);
    const events = await check();
    expect(orphansOf(events)).toEqual([]);
    expect(doneOf(events)).toMatchObject({
      type: 'done',
      looked: { objects: keys.length },
      orphans: { objects: 0, bytes: 0 },
      removed: false,
    });
    // The ledger has forgotten what it knew; the catalogue names it all the same.
    world.executor.forget();
    expect(orphansOf(await check({ remove: true }))).toEqual([]);
    expect(await world.keys()).toEqual(keys);
  });

  it('should find what nothing names, tell what it is, and remove that alone', async () => {
    const run = await finished();
    const stage = run.steps[0]?.stageId ?? '';
    await age(await world.keys());
    const named = await world.keys();
    const orphans = [
      await put(strayPart()),
      // Of a stage that the catalogue knows, by an attempt that did not win.
      await put(strayPart(stage)),
      await put(`journal/${stage}/${newId('shard')}/${newLeaseToken()}.0.json`),
      await put(`manifests/${newId('table')}/1-0123abcd.json`),
      await put(`uploads/${newId('upload')}/0123456789abcdef`),
      await put(`uploads/${named.find((key) => key.startsWith('uploads/'))?.split('/')[1]}/0123456789abcdef`),
    ].sort();
    const young = [await put(strayPart(), 0), await put(strayPart(stage), 0.9)];
    const foreign = [await put(`parts/${stage}/readme.txt`), await put('manifests/notes.json')];
    const left = join(world.dir, 'storage', '.tmp', 'ab'.repeat(12));
    await writeFile(left, 'half of a part');
    await utimes(left, days(3), days(3));

    const events = await check();
    expect(
      orphansOf(events)
        .flatMap(({ kind, key }) => (kind === 'orphan' ? [key] : []))
        .sort(),
    ).toEqual(orphans);
    expect(orphansOf(events).filter(({ kind }) => kind === 'unfinished')).toMatchObject([{ key: 'ab'.repeat(12), bytes: 14 }]);
    const bytes = orphans.reduce((sum, key) => sum + key.length, 0) + 14;
    expect(doneOf(events)).toMatchObject({ orphans: { objects: orphans.length + 1, bytes }, foreign: { objects: 2 }, removed: false });
    expect(await world.keys()).toEqual([...named, ...orphans, ...young, ...foreign].sort());

    expect(doneOf(await check({ remove: true }))).toMatchObject({ orphans: { objects: orphans.length + 1, bytes }, removed: true });
    expect(await world.keys()).toEqual([...named, ...young, ...foreign].sort());
    expect(doneOf(await check({ olderThan: '1h', remove: true }))).toMatchObject({ orphans: { objects: 1 } });
    expect(await world.keys()).toEqual([...named, ...young.slice(0, 1), ...foreign].sort());
    await api.ok('GET', `/v1/tables/${run.steps[0]?.tableId}/head`);
  });

  it('should leave alone what is being made, and what is being removed', async () => {
    world.executor.decide = ({ work }) => (work.kind === 'sql' ? null : { columns: [{ name: 'text', type: 'VARCHAR' }] });
    const upload = await api.upload(['rows.csv', 'text\nhello\n']);
    const { id } = await api.ok<Run>('POST', '/v1/runs', { plan, inputs: [{ name: 'rows', upload }] });
    const { submission } = await until(() => world.executor.of('sql')[0], { timeoutMs: 10_000, what: 'the stage' });
    const written = await put(strayPart(submission.stageId));
    const journaled = await put(`journal/${submission.stageId}/${newId('shard')}/${newLeaseToken()}.0.json`);
    // The executor has lost it, and is told of it again: what it wrote before counts for nothing, and is nobody's to judge yet.
    world.executor.forget();
    expect(orphansOf(await check({ remove: true }))).toEqual([]);
    expect(await world.keys()).toEqual(expect.arrayContaining([written, journaled]));
    await world.stopManagers();
    api = new Api((await world.manager()).url);
    await until(() => world.executor.of('sql')[0], { timeoutMs: 20_000, what: 'the stage to be submitted again' });
    await world.executor.settle(submission.stageId, {});
    await api.until(id);
    const found = orphansOf(await check({ remove: true })).map(({ key }) => key);
    expect(found.sort()).toEqual([written, journaled].sort());

    // Deleted, and not removed yet: that is under way.
    const run = await api.run(id);
    world.executor.mindful = true;
    const { removing } = await api.ok<{ removing: number }>('DELETE', `/v1/tables/${run.steps[0]?.tableId}`);
    expect(removing).toBe(1);
    world.executor.forget();
    const keys = await world.keys();
    await age(keys);
    expect(orphansOf(await check({ remove: true }))).toEqual([]);
    expect(await world.keys()).toEqual(keys);
    world.executor.mindful = false;
    await until(async () => (await world.keys()).length < keys.length, { timeoutMs: 10_000, what: 'the removal itself' });
  });

  it('should remove nothing while the executor cannot be asked', async () => {
    await finished();
    const stray = await put(strayPart());
    world.executor.unreachable = true;
    const events = await check({ remove: true });
    expect(events.at(-1)).toMatchObject({ type: 'failed', error: { class: 'transient' } });
    expect(await world.keys()).toContain(stray);
  });

  it('should remove nothing where a manifest is damaged that says what is named', async () => {
    const run = await finished();
    const stray = await put(strayPart(run.steps[0]?.stageId ?? ''));
    world.executor.forget();
    const manifest = (await world.keys()).find((key) => key.startsWith(`manifests/${run.steps[0]?.tableId}/`)) ?? '';
    await writeFile(world.storage.localPath(manifest) ?? '', '{}');
    const events = await check({ remove: true });
    expect(events.at(-1)).toMatchObject({ type: 'failed', error: { code: 'manifest_damaged' } });
    expect(await world.keys()).toContain(stray);
  });

  it.each([
    [{ olderThan: '59m' }, { code: 'too_young', field: 'olderThan', value: '59m', allowed: '1h or more' }],
    [{ olderThan: '-1d' }, { field: 'olderThan' }],
    [{ older: '1d' }, { field: 'older' }],
  ])('should be refused where it is asked for by %j', async (body, expected) => {
    expect(await api.refused('POST', '/v1/storage/check', body)).toMatchObject({ status: 400, ...expected });
  });

  it('should end with who asked for it, and with the manager', async () => {
    for (let n = 0; n < 300; n++) await put(strayPart());
    const abort = new AbortController();
    const response = await fetch(`${api.url}/v1/storage/check`, { method: 'POST', signal: abort.signal });
    expect(response.status).toBe(200);
    abort.abort();
    await world.stopManagers();
  });
});
