import { type CapabilityDefinition, HttpCapability, type Plan } from '@apwa/contracts';
import { eventually } from '@apwa/test-kit';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { performance } from 'node:perf_hooks';
import { type z } from 'zod';
import { numberedRows, System } from './support/system.js';

type Limits = z.input<typeof HttpCapability>['limits'];

/** Real: everything, and a server of HTTP that counts. */
describe('the limits of a capability', () => {
  let system: System;
  let server: Server;
  let url: string;
  let answer: (response: ServerResponse) => void;
  /** When requests came, and how many were under way then. */
  let seen: { at: number; inFlight: number }[];

  beforeAll(async () => {
    let inFlight = 0;
    server = createServer((_, response) => {
      seen.push({ at: performance.now(), inFlight: ++inFlight });
      response.on('close', () => inFlight--);
      answer(response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    url = `http://${host}/items/{{id}}`;
    system = await System.start({ members: 2, slots: 16, config: { capabilities: { allowedHosts: [host] } } });
  });
  afterAll(async () => {
    await system.stop();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  beforeEach(() => {
    seen = [];
    answer = ok;
  });

  const json = (response: ServerResponse, status: number, headers: object = {}) =>
    void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end('{"size": 1}');
  const ok = (response: ServerResponse) => json(response, 200);
  const definition = (limits: Limits): CapabilityDefinition =>
    HttpCapability.parse({
      kind: 'http',
      name: 'item',
      description: 'An item by its number',
      input: { type: 'object', required: ['id'], properties: { id: { type: 'integer' } } },
      output: { type: 'object', required: ['size'], properties: { size: { type: 'integer' } } },
      url,
      limits,
    });
  const plan = (limits?: Limits): Plan => ({
    version: 1,
    capabilities: [definition(limits)],
    steps: [{ id: 'items', kind: 'map', input: 'rows', template: { mode: 'capability', capability: 'http:item', with: { id: '{{id}}' } } }],
    outputs: ['items'],
  });
  const bothAtWork = async () => (await system.stack.members()).filter(({ slots: { total, free } }) => free < total).length === 2;
  const succeeded = async (id: string, rows: number) => {
    const run = await system.wait(id);
    expect(run).toMatchObject({ state: 'succeeded', error: null });
    expect(run.steps[0]?.counts).toMatchObject({ ok: rows, failed: 0 });
  };

  it('should hold for all members and all runs together', async () => {
    const limits = { requestsPerMinute: 1_200, inFlight: 3 };
    answer = (response) => void setTimeout(() => ok(response), 40);
    const runs = await Promise.all([1, 2].map(() => system.submit({ inputs: { rows: numberedRows(80) }, plan: plan(limits) })));
    await eventually(bothAtWork, { what: 'both members to work' });
    await Promise.all(runs.map(({ id }) => succeeded(id, 80)));
    expect(seen).toHaveLength(160);
    expect(Math.max(...seen.map(({ inFlight }) => inFlight))).toBeLessThanOrEqual(3);
    // Twenty a second: in no four seconds are there more, but for a few that came late out of those before.
    const most = Math.max(...seen.map(({ at }) => seen.filter((one) => one.at >= at && one.at < at + 4_000).length));
    expect(most).toBeLessThanOrEqual(4 * 20 + 10);
    const seconds = ((seen.at(-1)?.at ?? 0) - (seen[0]?.at ?? 0)) / 1_000;
    expect(seen.length).toBeLessThanOrEqual(20 * seconds + 8);
  });

  it('should be waited for where the other side says so with 429, by everybody, and fail no row', async () => {
    let refusedAt: number | null = null;
    answer = (response) => {
      if (seen.length !== 20) return void setTimeout(() => ok(response), 20);
      refusedAt = performance.now();
      return json(response, 429, { 'retry-after': '3' });
    };
    const { id } = await system.submit({ inputs: { rows: numberedRows(400) }, plan: plan() });
    await succeeded(id, 400);
    expect(seen).toHaveLength(401);
    // The other member hears of it with its next question, a second later at most.
    const meanwhile = seen.filter(({ at }) => refusedAt !== null && at > refusedAt + 1_500 && at < refusedAt + 2_900);
    expect(meanwhile).toEqual([]);
    expect(seen.some(({ at }) => refusedAt !== null && at >= refusedAt + 3_000)).toBe(true);
  });

  it.each([
    [{ requestsPerMinute: 0 }, 'requestsPerMinute', '1'],
    [{ requestsPerMinute: 10_000_000 }, 'requestsPerMinute', '1000000'],
    [{ inFlight: -1 }, 'inFlight', '1'],
  ])('should be refused as %j before anything runs', async (limits, field, allowed) => {
    const wrong = plan({ inFlight: 1 });
    Object.assign(wrong.capabilities?.[0] ?? {}, { limits });
    await expect(system.submit({ inputs: { rows: numberedRows(1) }, plan: wrong })).rejects.toMatchObject({
      class: 'refused',
      details: {
        faults: [
          {
            field: `plan.capabilities[0].limits.${field}`,
            value: String(Object.values(limits)[0]),
            allowed: expect.stringContaining(allowed) as string,
          },
        ],
      },
    });
  });
});
