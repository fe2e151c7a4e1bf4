import { type ErrorBody, type Plan, type Run, RunEvent, type Table, type TableHead, type TableList, type Upload } from '@apwa/contracts';
import { until } from '@apwa/stack';
import { jest } from '@jest/globals';
import { request } from 'node:http';
import { Api, World } from './support/world.js';

jest.setTimeout(60_000);

const plan: Plan = {
  version: 1,
  steps: [{ id: 'counted', kind: 'sql', inputs: ['rows'], query: 'SELECT count(*) AS n FROM rows' }],
  outputs: ['counted'],
};

describe('the HTTP API', () => {
  let world: World;
  let api: Api;
  let table: string;

  beforeAll(async () => {
    world = await World.start();
    api = new Api((await world.manager()).url);
    world.executor.decide = () => ({ columns: [{ name: 'text', type: 'VARCHAR' }] });
    table = (await api.table()).id;
  });
  afterAll(() => world.stop());

  const inputs = () => [{ name: 'rows', table }];

  describe('refuses', () => {
    const bad: [string, () => object, object][] = [
      ['no body', () => ({}), { field: 'goal' }],
      ['neither goal nor plan', () => ({ inputs: inputs() }), { field: 'goal' }],
      ['an empty goal', () => ({ goal: '', inputs: inputs() }), { field: 'goal' }],
      ['a goal that is too long', () => ({ goal: 'x'.repeat(20_001), inputs: inputs() }), { field: 'goal' }],
      ['names of inputs that are not unique', () => ({ goal: 'x', inputs: [...inputs(), ...inputs()] }), { field: 'inputs' }],
      [
        'an input that is no name',
        () => ({ goal: 'x', inputs: [{ name: 'My Rows', table }] }),
        { field: 'inputs[0].name', value: 'My Rows' },
      ],
      ['an unknown key', () => ({ goal: 'x', inputs: inputs(), aproval: 'auto' }), { field: 'aproval' }],
      [
        'an unknown table',
        () => ({ goal: 'x', inputs: [{ name: 'rows', table: 'tbl_x' }] }),
        { code: 'unknown_table', field: 'inputs[0].table' },
      ],
      [
        'an unknown upload',
        () => ({ goal: 'x', inputs: [{ name: 'rows', upload: 'upl_x' }] }),
        { code: 'unknown_upload', field: 'inputs[0].upload' },
      ],
      [
        'an unknown format',
        () => ({ goal: 'x', inputs: [{ name: 'rows', upload: 'upl_x', format: 'docx' }] }),
        { field: 'inputs[0].format', value: 'docx' },
      ],
      ['an unknown output format', () => ({ goal: 'x', inputs: inputs(), outputs: [{ format: 'xlsx' }] }), { field: 'outputs[0].format' }],
      ['a concurrency of nothing', () => ({ goal: 'x', inputs: inputs(), limits: { concurrency: 0 } }), { field: 'limits.concurrency' }],
      [
        'a file of no step',
        () => ({ plan, inputs: inputs(), outputs: [{ step: 'x', format: 'csv' }] }),
        { code: 'invalid_plan', field: 'plan.steps' },
      ],
      [
        'a plan with a cycle',
        () => ({ plan: { ...plan, steps: [{ ...plan.steps[0], inputs: ['counted'] }] }, inputs: inputs() }),
        { code: 'invalid_plan', field: 'plan.steps' },
      ],
      [
        'a plan with an unknown kind',
        () => ({ plan: { ...plan, steps: [{ id: 'a', kind: 'x' }] }, inputs: inputs() }),
        { field: 'plan.steps[0].kind', allowed: 'map, sql, table, split, reduce' },
      ],
    ];
    it.each(bad)('a run with %s', async (_, body, expected) => {
      const before = world.executor.submissions.length;
      expect(await api.refused('POST', '/v1/runs', body())).toMatchObject({ status: 400, class: 'refused', ...expected });
      expect(world.executor.submissions).toHaveLength(before);
    });

    it('an upload with no file as an input', async () => {
      const { id } = await api.ok<Upload>('POST', '/v1/uploads');
      expect(await api.refused('POST', '/v1/runs', { goal: 'x', inputs: [{ name: 'rows', upload: id }] })).toMatchObject({
        code: 'empty_upload',
      });
      expect(await api.refused('POST', '/v1/tables', { name: 'rows', upload: id })).toMatchObject({
        code: 'empty_upload',
        field: 'upload',
      });
    });

    it('what is wrong with a plan whatever its input will hold, before it is imported', async () => {
      const upload = await api.upload(['rows.csv', 'text\nhello\n']);
      const tables = (await api.ok<TableList>('GET', '/v1/tables')).tables.length;
      const map = { id: 'm', kind: 'map', input: 'rows', template: { instructions: 'x {{anything}}', output: { type: 'objekt' } } };
      for (const [steps, field] of [
        [[{ id: 'm', kind: 'sql', inputs: ['m'], query: 'SELECT 1' }], 'plan.steps'],
        [[{ ...map, input: 'rowz' }], 'plan.steps[0].input'],
        [[map], 'plan.steps[0].template.output.type'],
      ] as const) {
        const body = { plan: { version: 1, steps, outputs: ['m'] }, inputs: [{ name: 'rows', upload }] };
        expect(await api.refused('POST', '/v1/runs', body)).toMatchObject({ status: 400, code: 'invalid_plan', field });
      }
      expect((await api.ok<TableList>('GET', '/v1/tables')).tables).toHaveLength(tables);
    });

    it('a table that has failed as an input', async () => {
      world.executor.decide = () => ({ state: 'failed', fault: { code: 'empty_file', class: 'permanent', message: 'empty' } });
      const upload = await api.upload(['rows.csv', '']);
      const { id } = await api.ok<Table>('POST', '/v1/tables', { name: 'rows', upload });
      await until(async () => (await api.ok<Table>('GET', `/v1/tables/${id}`)).state === 'failed', {
        timeoutMs: 5_000,
        what: 'the failure',
      });
      world.executor.decide = () => ({ columns: [{ name: 'text', type: 'VARCHAR' }] });
      expect(await api.refused('POST', '/v1/runs', { goal: 'x', inputs: [{ name: 'rows', table: id }] })).toMatchObject({
        code: 'table_not_ready',
      });
      expect(await api.refused('GET', `/v1/tables/${id}/head`)).toMatchObject({ status: 409, value: 'failed' });
      expect(await api.refused('POST', `/v1/tables/${id}/exports`, { format: 'csv' })).toMatchObject({ status: 409 });
    });

    const paths: [string, string, number, object][] = [
      ['GET', '/v1/runs/run_unknown', 404, { code: 'not_found', field: 'id' }],
      ['GET', '/v1/runs/run_unknown/events', 404, { code: 'not_found' }],
      ['POST', '/v1/runs/run_unknown/cancel', 404, { code: 'not_found' }],
      ['POST', '/v1/runs/run_unknown/approve', 400, { field: 'body' }],
      ['GET', '/v1/runs/run_unknown/plans', 404, { code: 'not_found' }],
      ['GET', '/v1/runs/run_unknown/plans/x', 400, { field: 'version' }],
      ['GET', '/v1/tables/tbl_unknown', 404, { code: 'not_found' }],
      ['GET', '/v1/tables/tbl_unknown/head', 404, { code: 'not_found' }],
      ['POST', '/v1/tables/tbl_unknown/exports', 400, { field: 'body' }],
      ['GET', '/v1/exports/exp_unknown', 404, { code: 'not_found' }],
      ['GET', '/v1/exports/exp_unknown/content', 404, { code: 'not_found' }],
      ['GET', '/v1/uploads/upl_unknown', 404, { code: 'not_found' }],
      ['GET', '/v1/nothing?a=b', 404, { code: 'not_found', field: 'path', value: '/v1/nothing' }],
      ['GET', '/v1/runs/..%2f..%2fetc', 400, { field: 'id' }],
      ['GET', '/v1/runs/tbl_1', 400, { field: 'id', value: 'tbl_1' }],
      ['GET', '/v1/runs/%E0%A4%A', 400, {}],
      ['GET', '/v1/runs?limit=0', 400, { field: 'limit' }],
      ['GET', '/v1/runs?limit=501', 400, { field: 'limit' }],
      ['GET', '/v1/runs?limti=5', 400, { field: 'limti' }],
      ['GET', '/v1/tables?limit=x', 400, { field: 'limit' }],
      ['GET', '/v1/tables/tbl_x/head?rows=1001', 400, { field: 'rows' }],
      ['PUT', '/v1/uploads/upl_x/files', 400, { field: 'name' }],
      ['PUT', '/v1/uploads/upl_x/files?name=a%00b', 400, { field: 'name' }],
      ['PUT', '/v1/uploads/upl_x/files?name=a', 404, { code: 'not_found' }],
    ];
    it.each(paths)('%s %s', async (method, path, status, expected) => {
      expect(await api.refused(method, path)).toMatchObject({ status, ...expected });
    });

    it('a body that is not JSON', async () => {
      const send = (body: string, type: string) => fetch(`${api.url}/v1/runs`, { method: 'POST', body, headers: { 'content-type': type } });
      const broken = await send('{"goal": ', 'application/json');
      expect([broken.status, ((await broken.json()) as ErrorBody).error]).toMatchObject([400, { code: 'invalid_json', field: 'body' }]);
      // Other types are what another site's page could send without asking.
      const plain = await send(JSON.stringify({ plan, inputs: inputs() }), 'text/plain');
      expect([plain.status, ((await plain.json()) as ErrorBody).error]).toMatchObject([400, { field: 'body' }]);
    });

    it('a goal of 50 MB, before it is read', async () => {
      const begun = Date.now();
      const answer = await new Promise<{ status: number; body: string }>((resolve, reject) => {
        const call = request(`${api.url}/v1/runs`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'content-length': 50_000_000 },
        });
        call.on('response', (response) => {
          let body = '';
          response.on('data', (chunk: Buffer) => (body += chunk.toString()));
          response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
        });
        call.on('error', reject);
        call.write('{"goal":"');
      });
      expect(answer.status).toBe(413);
      expect((JSON.parse(answer.body) as ErrorBody).error).toMatchObject({ code: 'too_large', field: 'body', value: '50000000 bytes' });
      expect(Date.now() - begun).toBeLessThan(5_000);
    });

    it('a goal that grows for ever', async () => {
      const status = await new Promise<number>((resolve, reject) => {
        const headers = { 'content-type': 'application/json', 'transfer-encoding': 'chunked' };
        const call = request(`${api.url}/v1/runs`, { method: 'POST', headers }, (response) => resolve(response.statusCode ?? 0));
        call.on('error', reject);
        call.write(`"${'x'.repeat(3_000_000)}`);
      });
      expect(status).toBe(413);
    });
  });

  describe('uploads', () => {
    const files = async () => {
      const keys: string[] = [];
      for await (const { key } of world.storage.list('uploads/')) keys.push(key);
      return keys;
    };

    it('should keep the bytes, in the order of arrival, and replace a file of the same name', async () => {
      const id = await api.upload(['b/1.txt', 'one'], ['a.txt', 'two'], ['b/1.txt', 'three']);
      const upload = await api.ok<Upload>('GET', `/v1/uploads/${id}`);
      expect(upload.files).toEqual([
        { name: 'b/1.txt', bytes: 5 },
        { name: 'a.txt', bytes: 3 },
      ]);
      expect((await files()).filter((key) => key.includes(id))).toHaveLength(2);
    });

    it('should leave nothing of one that is cut off', async () => {
      const { id } = await api.ok<Upload>('POST', '/v1/uploads');
      await new Promise<void>((resolve) => {
        const call = request(`${api.url}/v1/uploads/${id}/files?name=big`, { method: 'PUT', headers: { 'content-length': 3_000_000 } });
        call.on('error', () => resolve());
        call.write(Buffer.alloc(1_000_000));
        setTimeout(() => call.destroy(), 200);
      });
      await until(async () => !(await files()).some((key) => key.includes(id)), { timeoutMs: 5_000, what: 'nothing to be left' });
      expect((await api.ok<Upload>('GET', `/v1/uploads/${id}`)).files).toEqual([]);
    });

    it.each([true, false])('should refuse more than the limit (length told before: %s)', async (told) => {
      const { id } = await api.ok<Upload>('POST', '/v1/uploads');
      const bytes = 6_000_000;
      const answer = await new Promise<number>((resolve, reject) => {
        const headers = told ? { 'content-length': bytes } : { 'transfer-encoding': 'chunked' };
        const call = request(`${api.url}/v1/uploads/${id}/files?name=big`, { method: 'PUT', headers }, (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        });
        call.on('error', reject);
        if (told) call.write('x');
        else call.end(Buffer.alloc(bytes));
      });
      expect(answer).toBe(413);
      await until(async () => !(await files()).some((key) => key.includes(id)), { timeoutMs: 5_000, what: 'nothing to be left' });
    });

    it('should stay as they are once they are imported', async () => {
      const id = await api.upload(['rows.csv', 'text\n']);
      await api.ok('POST', '/v1/tables', { name: 'rows', upload: id });
      const answer = await fetch(`${api.url}/v1/uploads/${id}/files?name=more.csv`, { method: 'PUT', body: 'x' });
      expect([answer.status, ((await answer.json()) as ErrorBody).error.code]).toEqual([409, 'upload_in_use']);
    });
  });

  it('should show the head of a table', async () => {
    expect(await api.ok<TableHead>('GET', `/v1/tables/${table}/head?rows=1`)).toMatchObject({ rows: [{ text: 'hello' }] });
  });

  it('should say whether it lives and can work', async () => {
    expect(await api.ok('GET', '/healthz')).toEqual({ status: 'ok', parts: {} });
    expect(await api.ok('GET', '/readyz')).toEqual({ status: 'ok', parts: { postgres: 'ok', nats: 'ok' } });
  });

  it('should describe itself', async () => {
    const document = await api.ok<{ openapi: string; paths: Record<string, object> }>('GET', '/openapi.json');
    expect(document.openapi).toBe('3.1.0');
    expect(Object.keys(document.paths)).toContain('/v1/runs/{id}/events');
  });

  describe('events of a run', () => {
    const collect = async (id: string): Promise<{ at: number; event: RunEvent }[]> => {
      const response = await fetch(`${api.url}/v1/runs/${id}/events`);
      expect(response.headers.get('content-type')).toContain('text/event-stream');
      const events: { at: number; event: RunEvent }[] = [];
      let text = '';
      for await (const chunk of response.body ?? []) {
        text += Buffer.from(chunk).toString();
        const blocks = text.split('\n\n');
        text = blocks.pop() ?? '';
        for (const block of blocks) {
          const data = block.split('\n').find((line) => line.startsWith('data: '));
          if (data) events.push({ at: Date.now(), event: RunEvent.parse(JSON.parse(data.slice(6))) });
        }
      }
      return events;
    };

    it('should begin with its state, follow its progress, and end with its end', async () => {
      world.executor.decide = () => null;
      const run = await api.ok<Run>('POST', '/v1/runs', { plan, inputs: inputs() });
      const following = collect(run.id);
      await api.until(run.id, 'running');
      const stage = await until(() => world.executor.of('sql').find(({ submission }) => submission.ownerId === run.id), {
        timeoutMs: 5_000,
        what: 'a stage',
      });
      const { stageId } = stage.submission;
      for (let ok = 1; ok <= 40; ok++) {
        world.executor.progress(stageId, ok);
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
      await world.executor.settle(stageId, {});
      const events = await following;
      const runs = events.flatMap(({ at, event }) => (event.type === 'run' ? [{ at, run: event.run }] : []));
      expect(runs.at(-1)?.run.state).toBe('succeeded');
      const progress = runs.map(({ run }) => run.steps[0]?.counts.ok ?? 0).filter((ok) => ok > 0 && ok < 41);
      expect(progress.length).toBeGreaterThan(1);
      // Forty changes in a second are some events.
      expect(events.length).toBeLessThan(25);
      const versions = runs.map(({ run }) => run.version);
      expect(versions).toEqual([...versions].sort((a, b) => a - b));
      expect((await collect(run.id)).map(({ event }) => event.type)).toEqual(['run']);
      world.executor.decide = () => ({});
    });

    it('should end with the manager', async () => {
      world.executor.decide = () => null;
      const run = await api.ok<Run>('POST', '/v1/runs', { plan, inputs: inputs() });
      const following = collect(run.id);
      await api.until(run.id, 'running');
      await world.stopManagers();
      await following;
      api = new Api((await world.manager()).url);
      await api.ok('POST', `/v1/runs/${run.id}/cancel`);
      expect((await api.until(run.id)).state).toBe('cancelled');
    });
  });
});
