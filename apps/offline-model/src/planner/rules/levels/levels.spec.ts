import { type ShownTable, reviews } from '../../../../test/support/manager.js';
import { outline, planBy, planned, queryOf } from '../../../../test/support/planned.js';

const length = (p50: number) => ({ p50, p95: p50 * 1.2, max: p50 * 1.5 });
const documents = (name: string, rows: number, characters: number, more: Partial<ShownTable> = {}): ShownTable => ({
  name,
  rows,
  columns: [
    { name: 'path', type: 'VARCHAR', distinct: rows, length: length(14), min: 'a.txt', max: 'z.txt' },
    { name: 'text', type: 'VARCHAR', distinct: rows, length: length(characters) },
    { name: '_status', type: 'VARCHAR', distinct: 1 },
  ],
  ...more,
});
const parts = (...headings: string[]): string => headings.map((heading) => `${heading}\n\n${'It rained. '.repeat(200)}\n\n`).join('');
const NOVEL = parts('PART ONE', 'Chapter 1', 'Chapter 2', 'PART TWO', 'Chapter 1', 'Chapter 2', 'Chapter 3');

describe('a whole that is told by its parts', () => {
  it.each([
    'Tell this novel chapter by chapter, part by part, and the whole of it on a page.',
    'I want a summary of each chapter, of every part, and of the novel as a whole.',
  ])('should be cut by the headings that its text has: %s', async (goal) => {
    const novel = documents('novel', 1, NOVEL.length, { texts: [NOVEL] });
    const plan = await planned(goal, [novel]);
    expect(outline(plan)).toEqual([
      'pieces: split novel',
      'placed: sql pieces',
      'told: map placed',
      'by_part: reduce told by part of chapter, summary',
      expect.stringMatching(/^(?:page|whole): reduce by_part of part, summary$/),
    ]);
    const [split] = plan.steps;
    expect(split).toMatchObject({ column: 'text', by: { kind: 'regex' } });
    const pattern = split?.kind === 'split' && split.by.kind === 'regex' ? split.by.pattern : '';
    expect(NOVEL.match(new RegExp(pattern, 'gm'))).toHaveLength(7);
    // No column of the machinery is carried on.
    expect(queryOf(plan, 'placed')).not.toContain('_status');
  });

  it('should be folded from passages where its parts are long', async () => {
    const text = parts('BOOK I', 'BOOK II');
    const epic = documents('epic', 1, 600_000, { texts: [text] });
    const plan = await planned('Condense the epic book by book, and altogether on one page', [epic]);
    expect(outline(plan).slice(2)).toEqual([
      'told: map placed',
      'by_book: reduce told by book of summary',
      'page: reduce by_book of book, summary',
    ]);
    expect(plan.steps[0]).toMatchObject({ maxTokens: 3_000 });
  });

  it('should take numbers of file names for its parts, and others from what the goal says', async () => {
    const [path, ...others] = documents('recordings', 24, 50_000).columns;
    const table = documents('recordings', 24, 50_000, {
      columns: [{ ...path, name: 'file', type: 'VARCHAR', distinct: 24, min: 'Episode_01.txt', max: 'Episode_24.txt' }, ...others],
    });
    const goal =
      'Summarise these recordings by episode and season (season 1: episodes 1-10, 2: 11-24), and the whole series on a page with evidence.';
    const plan = await planned(goal, [table]);
    expect(outline(plan)).toEqual([
      'numbered: sql recordings',
      'pieces: split numbered',
      'told: map pieces',
      'by_episode: reduce told by season, episode of summary',
      'by_season: reduce by_episode by season of episode, summary',
      'page: reduce by_season of season, summary',
    ]);
    expect(queryOf(plan, 'numbered')).toContain(
      'CASE WHEN episode BETWEEN 1 AND 10 THEN 1 WHEN episode BETWEEN 11 AND 24 THEN 2 END AS season',
    );
    expect(JSON.stringify(plan.steps.at(-1))).toContain('number of its item in brackets');
  });

  it('should be told of each of several works by itself', async () => {
    const plays = documents('plays', 3, 40_000, { texts: [parts('ACT I', 'ACT II', 'ACT III')] });
    const plan = await planned('Outline the acts of these plays, and each play as a whole.', [plays]);
    expect(outline(plan).at(-1)).toBe('whole: reduce by_act by path of act, summary');
    expect(queryOf(plan, 'placed')).toContain('PARTITION BY path ORDER BY chunk');
  });

  it.each([
    ['Condense the reviews by product.', ['by_product: reduce reviews by product of review']],
    [
      'Summarise the reviews per country, and overall.',
      ['by_country: reduce reviews by country of review', 'whole: reduce by_country of country, summary'],
    ],
    [
      'Give me a summary of all reviews in one paragraph, by country and product',
      [
        'by_product: reduce reviews by country, product of review',
        'by_country: reduce by_product by country of product, summary',
        'paragraph: reduce by_country of country, summary',
      ],
    ],
    ['Summarise everything that customers say on a single page', ['page: reduce reviews of review']],
  ])('should be folded without a call for each row where rows are short: %s', async (goal, steps) =>
    expect(outline(await planned(goal, [reviews]))).toEqual(steps),
  );

  it('should say which of its parts nothing tells', async () => {
    const report = documents('report', 1, 90_000, { texts: ['It rained. '.repeat(8_000)] });
    const plan = await planned('Summarise the report by chapter and section, and the whole on one page.', [report]);
    expect(outline(plan)).toEqual(['pieces: split report', 'told: map pieces', 'page: reduce told of summary']);
    expect(plan.steps[0]?.description).toContain('Left out, because no rule fits: chapters, which nothing in the table tells, sections');
  });

  it.each([
    'Summarise each review in one paragraph',
    'Summarise every review on one page',
    'Detect the language of each review, and summarise it',
  ])('should be no whole where each row is asked about: %s', async (goal) => {
    const plan = await planned(goal, [reviews]);
    expect(plan.steps.map(({ kind }) => kind)).toEqual(['map']);
  });

  it('should ask no more of the texts than where its parts begin', async () => {
    const novel = documents('novel', 1, NOVEL.length, { texts: [NOVEL] });
    const { calls } = await planBy('Tell the novel chapter by chapter, and the whole on a page', [novel]);
    expect(calls).toEqual(['list_tables', 'describe_table novel', 'search_text novel', 'search_text novel', 'submit_plan']);
  });
});
