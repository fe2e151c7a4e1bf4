import { type Plan, type Run } from '@apwa/contracts';
import { jest } from '@jest/globals';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { spawnManager } from './support/manager-process.js';
import { Api, World } from './support/world.js';

jest.setTimeout(120_000);

const ROWS = 100_000;
const plan: Plan = {
  version: 1,
  steps: ['first', 'second'].map((id, index) => ({
    id,
    kind: 'map',
    input: index === 0 ? 'rows' : 'first',
    template: {
      mode: 'llm',
      instructions: 'Judge {{text}}',
      output: { type: 'object', properties: { [`mood_${id}`]: { type: 'string' } } },
    },
  })),
  outputs: ['second'],
};

/** What a process holds is read from `/proc`. */
const onLinux = process.platform === 'linux' ? it : it.skip;

describe('the memory of a manager', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start();
    world.executor.shardsPerMap = 2_000;
    // Nobody reads the parts.
    world.executor.store = async () => undefined;
    world.executor.decide = ({ work }) => (work.kind === 'import' ? { rows: ROWS, columns: [{ name: 'text', type: 'VARCHAR' }] } : {});
  });
  afterAll(() => world.stop());

  onLinux('should stay below 200 MB during a run of 100,000 rows in 2,000 shards', async () => {
    const { child, url } = await spawnManager(world);
    const api = new Api(url);
    const upload = await api.upload(['rows.csv', 'text\nhello\n']);
    const { id } = await api.ok<Run>('POST', '/v1/runs', { plan, inputs: [{ name: 'rows', upload }], outputs: [{ format: 'csv' }] });
    const run = await api.until(id);
    expect(run).toMatchObject({ state: 'succeeded', steps: [{ rows: ROWS }, { rows: ROWS }] });
    const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
    const peakMb = Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    await exit;
    expect(peakMb).toBeGreaterThan(0);
    expect(peakMb).toBeLessThan(200);
  });
});
