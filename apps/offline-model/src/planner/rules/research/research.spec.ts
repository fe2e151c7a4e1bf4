import { type ShownCapability, type ShownTable } from '../../../../test/support/manager.js';
import { declined, outline, planned, propertiesOf, queryOf, templateOf } from '../../../../test/support/planned.js';

const wiki: ShownCapability = { id: 'http:wiki', description: 'Finds articles by words', effects: 'none', input: { required: ['terms'] } };
const BIRDS =
  'Look up these birds: heron, wren and kingfisher. For each of them, give its wingspan in centimetres (a number), where it lives and the page that says so.';

describe('research', () => {
  it('should be of what the goal lists, with the search that there is', async () => {
    const plan = await planned(BIRDS, [], { capabilities: [wiki], fetchHosts: ['wiki.example'] });
    expect(outline(plan)).toEqual(['birds: table of 3', 'researched: map birds']);
    expect(plan.steps[0]).toMatchObject({ rows: [{ bird: 'heron' }, { bird: 'wren' }, { bird: 'kingfisher' }] });
    expect(templateOf(plan, 'researched')).toMatchObject({ mode: 'agent', capabilities: ['http:wiki', 'builtin:fetch'] });
    expect(templateOf(plan, 'researched').replicas).toBeUndefined();
    expect(propertiesOf(plan, 'researched')).toEqual({
      wingspan_in_centimetres: { type: ['number', 'null'], description: 'its wingspan in centimetres' },
      where_lives: { type: ['string', 'null'], description: 'where it lives' },
      url: { type: 'string', description: expect.any(String) },
    });
  });

  it('should begin at an address that may be read where there is no search', async () => {
    const goal = `${BIRDS} Begin at https://birds.example/index.html.`;
    const plan = await planned(goal, [], { fetchHosts: ['birds.example'] });
    expect(plan.steps[0]).toMatchObject({ rows: [{ bird: 'heron', start: 'https://birds.example/index.html' }, {}, {}] });
    expect(templateOf(plan, 'researched')).toMatchObject({
      capabilities: ['builtin:fetch'],
      instructions: expect.stringContaining('{{start}}'),
    });
    expect(await declined(goal, [], { fetchHosts: ['other.example'] })).toContain('no search');
  });

  it('should be of rows of a table, by several who judge or vote, with what they dispute and a report', async () => {
    const firms: ShownTable = {
      name: 'companies',
      rows: 80,
      columns: [
        { name: 'company', type: 'VARCHAR', distinct: 80, length: { p50: 12, p95: 20, max: 30 } },
        { name: 'country', type: 'VARCHAR', distinct: 7, length: { p50: 8, p95: 10, max: 12 } },
      ],
    };
    const goal =
      'Research the companies by three agents. Say who leads it and a summary of what it makes. Show where they contradict each other and write an overview.';
    const plan = await planned(goal, [firms], { capabilities: [wiki] });
    expect(outline(plan)).toEqual([
      'researched: map companies',
      'disputed: sql researched',
      'report: reduce researched of company, who_leads, summary, url',
    ]);
    expect(templateOf(plan, 'researched').replicas).toMatchObject({ combine: 'judge', count: 3 });
    expect(queryOf(plan, 'disputed')).toContain('replicas.agreement < 1');
    const voted = await planned(goal.replace('who leads it', 'its founding year'), [firms], { capabilities: [wiki] });
    expect(templateOf(voted, 'researched').replicas).toMatchObject({ combine: 'majority', count: 3 });
  });

  it.each<[string, Partial<ShownCapability>]>([
    ['changes something', { effects: 'unsafe' }],
    ['takes something else', { input: { required: ['account', 'amount'] } }],
    ['does something else', { description: 'Sends a letter' }],
  ])('should not be done with a capability that %s', async (_, other) => {
    const text = await declined(BIRDS, [], { capabilities: [{ ...wiki, ...other, id: 'http:other' }] });
    expect(text).toContain('the registry has no search that takes a query');
    expect(text).toContain('apwa capabilities add');
  });

  it('should be declined where nothing says what of', async () =>
    expect(await declined('Research the market for me', [], { capabilities: [wiki] })).toContain(
      'neither lists topics behind a colon nor names a table',
    ));
});
