import { chosen, createProgram } from './program.js';

/** What the command line is read as; nothing is run. */
const read = (...args: string[]) => {
  const program = createProgram().exitOverride();
  program.action(() => undefined);
  program.parse(args, { from: 'user' });
  return chosen(program.opts());
};

describe('the command line of the benchmarks', () => {
  it('should run all suites with their defaults', () => {
    const all = read();
    expect(all.map(({ suite }) => suite.name)).toEqual(expect.arrayContaining(['overhead', 'concurrency', 'latency']));
    expect(all.find(({ suite }) => suite.name === 'overhead')?.values).toMatchObject({
      peers: ['langgraph', 'mastra', 'ai-sdk'],
      'peer-rows': expect.any(Number),
    });
  });

  it('should run the named ones with the sizes that are asked for', () => {
    expect(
      read('--suite', 'overhead', '--suite', 'concurrency', '--overhead-loads', '200x100x50,0x5x7', '--concurrency-levels', '10,20'),
    ).toMatchObject([
      {
        suite: { name: 'overhead' },
        values: {
          loads: [
            { latencyMs: 200, concurrency: 100, rows: 50 },
            { latencyMs: 0, concurrency: 5, rows: 7 },
          ],
        },
      },
      { suite: { name: 'concurrency' }, values: { levels: [10, 20] } },
    ]);
  });

  it.each([
    [['--suite', 'speed'], '--suite', 'overhead'],
    [['--overhead-loads', '200x100'], '--overhead-loads', '200x100x5000'],
    [['--overhead-loads', '0x0x5'], '--overhead-loads', 'from 1'],
    [['--overhead-peers', 'ray'], '--overhead-peers', 'langgraph'],
    [['--concurrency-levels', '10,many'], '--concurrency-levels', 'whole numbers'],
    [['--latency-samples', '1.5'], '--latency-samples', 'whole numbers'],
  ])('should refuse %j, naming flag and what is allowed', (args, field, allowed) => {
    let thrown: unknown;
    try {
      read(...args);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: 'bad_input', details: { field, allowed: expect.stringContaining(allowed) } });
  });
});
