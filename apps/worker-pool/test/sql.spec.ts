import { type AgentTemplate, type CapabilityTemplate } from '@apwa/contracts';
import { answer } from './support/scripted-model.js';
import { until } from './support/until.js';
import { World } from './support/world.js';

const template = (more: CapabilityTemplate['with']): CapabilityTemplate => ({ mode: 'capability', capability: 'builtin:sql', with: more });

/** Real: members as processes, NATS with its journal, storage, DuckDB in processes of its own. Scripted: the model's server and the executor. */
describe('SQL over what belongs to a row', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.start();
    await world.member();
  });
  afterEach(() => world.stop());

  const run = async (texts: string[], given: CapabilityTemplate | AgentTemplate) => {
    const { stageId } = await world.stage(texts, { template: given });
    await until(() => world.script.done(stageId) || world.script.stages.get(stageId)?.fault !== null, 60_000);
    expect(world.script.stages.get(stageId)?.fault).toBeNull();
    return world.result(stageId);
  };

  it('should be asked for a row, over lists that are passed in', async () => {
    const rows = [
      { item: 'a', price: 2.5 },
      { item: 'b', price: 4 },
    ];
    const tables = { vat: [{ item: 'b', rate: 0.5 }] };
    const query =
      "SELECT '{{text}}' AS who, sum(price) AS total, sum(price * coalesce(rate, 0)) AS tax FROM rows LEFT JOIN vat USING (item)";
    const [first, second] = await run(['Ada', 'Grace'], template({ query, rows, tables }));
    expect(first).toMatchObject({ _status: 'ok', cut: false });
    expect(JSON.parse(JSON.stringify([first?.rows, second?.rows]))).toEqual([
      [{ who: 'Ada', total: 6.5, tax: 2 }],
      [{ who: 'Grace', total: 6.5, tax: 2 }],
    ]);
  });

  it.each<[string, CapabilityTemplate['with'], string, string]>([
    ['is none', { query: 'SELEC 1' }, 'invalid_arguments', 'syntax error'],
    ['writes', { query: 'CREATE TABLE x AS SELECT 1' }, 'invalid_arguments', 'SELECT'],
    ['reads a file', { query: "SELECT * FROM read_text('/etc/passwd')" }, 'invalid_arguments', 'read_text is not allowed'],
    ['reads a file by its name', { query: "SELECT * FROM '/etc/passwd'" }, 'invalid_arguments', 'There is no table'],
    ['reaches for the network', { query: "SELECT * FROM read_csv('http://127.0.0.1:9/x.csv')" }, 'invalid_arguments', 'not allowed'],
    ['asks for the environment', { query: "SELECT getenv('HOME')" }, 'invalid_arguments', 'getenv is not allowed'],
    ['names a table that is not there', { query: 'SELECT * FROM record' }, 'invalid_arguments', 'There is no table record'],
    ['is over a list without rows', { query: 'SELECT * FROM rows', rows: [] }, 'invalid_arguments', 'table rows has no rows'],
    [
      'is over rows without an end',
      { query: 'SELECT count(*) AS n FROM range(1000000000000) a, range(1000) b' },
      'capability_timeout',
      '10000 ms',
    ],
    [
      'takes all memory',
      { query: "SELECT list(repeat('x', 1000) || a.range) AS l FROM range(100000000) a" },
      'capability_out_of_memory',
      'more memory than it is given',
    ],
  ])('should fail its row alone where it %s', async (_, given, code, message) => {
    const [row] = await run(['x'], template(given));
    expect(row).toMatchObject({ _error_code: code, _error: expect.stringContaining(message) as string });
    // The member lives on.
    expect(await run(['x'], template({ query: 'SELECT 1 AS n' }))).toMatchObject([{ _status: 'ok' }]);
  });

  it('should give a part of a long result, and say so', async () => {
    const [row] = await run(['x'], template({ query: 'SELECT range AS n FROM range(5000)' }));
    expect([(row?.rows as unknown[]).length, row?.cut]).toEqual([1_000, true]);
  });

  it('should show an agent its own record, and no other', async () => {
    world.model.script = ({ text, request }) => {
      const [result] = request.messages.flatMap(({ role, content }) => (role === 'tool' ? [content] : []));
      if (result === undefined)
        return { toolCalls: [{ name: 'sql', arguments: { query: 'SELECT count(*) AS n, max(reverse(text)) AS back FROM record' } }] };
      return answer(/"back":"(\w+)"/.exec(result)?.[1] === [...text].reverse().join('') && result.includes('"n":1') ? text : 'wrong');
    };
    const agent: AgentTemplate = {
      mode: 'agent',
      instructions: 'Turn {{text}}',
      output: { type: 'object', properties: { upper: { type: 'string' } }, required: ['upper'], additionalProperties: false },
      capabilities: ['builtin:sql'],
    };
    expect((await run(['abc', 'def'], agent)).map(({ upper }) => upper)).toEqual(['ABC', 'DEF']);
  });
});
