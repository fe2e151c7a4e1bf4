import { type Plan, type Run } from '@apwa/contracts';
import { readFile } from 'node:fs/promises';
import { System } from './support/system.js';

const EXAMPLES = new URL('../../../examples/', import.meta.url);
const file = (path: string): Promise<string> => readFile(new URL(path, EXAMPLES), 'utf8');

/** A step over the column `text`, with answers as long as what is found, as long as the schema allows, or always the same. */
const planOf = (kind: 'entities' | 'summary' | 'label'): Plan => {
  const text = { type: 'string' };
  const found = { type: 'object', required: ['type', 'text'], properties: { type: text, text } };
  const [instructions, property] = {
    entities: ['List every piece of personal data in {{text}}', { type: 'array', items: found }],
    summary: ['Summarise {{text}}', { type: 'string', maxLength: 300 }],
    label: ['Is {{text}} calm?', { type: 'string', enum: ['yes', 'no'] }],
  }[kind] as [string, object];
  const output = { type: 'object', required: [kind], properties: { [kind]: property } };
  return {
    version: 1,
    steps: [{ id: 'asked', kind: 'map', input: 'rows', template: { mode: 'llm', instructions, output } }],
    outputs: ['asked'],
  };
};

/** Real: everything. The offline model answers, of real texts. */
describe('quotes of real texts', () => {
  const ROWS = 150;
  let system: System;
  let messages: string[];

  beforeAll(async () => {
    messages = (await file('pii/messages.jsonl'))
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { full_text: string }).full_text);
    system = await System.start();
  });
  afterAll(() => system.stop());

  const run = (texts: readonly string[], kind: Parameters<typeof planOf>[0]): Promise<Run> => {
    const content = texts.map((text, id) => JSON.stringify({ id, text })).join('\n');
    return system.run({ inputs: { rows: { name: 'rows.jsonl', content } }, plan: planOf(kind), quote: true });
  };

  /** What came to lie outside of its interval, and how wide those of the tokens were, as shares of what was expected. */
  const outsideOf = (runs: readonly Run[]): { calls: string[]; tokens: string[]; widths: number[] } => {
    const outside = { calls: [] as string[], tokens: [] as string[], widths: [] as number[] };
    for (const [index, { id, quote }] of runs.entries()) {
      const total = quote?.total;
      if (!total?.actual) throw new Error(`run ${id} has no quote beside what it came to`);
      for (const figure of ['calls', 'tokens'] as const) {
        const { low, expected, high } = total[figure];
        const actual = total.actual[figure];
        if (actual < low || actual > high)
          outside[figure].push(`run ${index}: ${actual} is not from ${low} to ${high}, ${expected} was expected`);
      }
      outside.widths.push((total.tokens.high - total.tokens.low) / total.tokens.expected);
    }
    return outside;
  };

  it('should hold in nine runs of ten at least over messages of one kind', async () => {
    const blocks = Array.from({ length: 10 }, (_, block) => messages.slice(block * ROWS, (block + 1) * ROWS));
    const { calls, tokens, widths } = outsideOf(await Promise.all(blocks.map((block) => run(block, 'entities'))));
    expect(calls.slice(1)).toEqual([]);
    expect(tokens.slice(1)).toEqual([]);
    // An interval that holds everything says nothing.
    expect(Math.max(...widths)).toBeLessThan(0.3);
  });

  it('should hold in nine runs of ten at least over tables of ten shapes, most of them with a few long rows', async () => {
    const play = await file('romeo-and-juliet/play.txt');
    const chapters = await Promise.all(['01', '04', '22'].map((chapter) => file(`decline-and-fall/chapter-${chapter}.txt`)));
    const parts = (text: string, at: RegExp) => text.split(at).filter((part) => part.trim() !== '');
    const some = messages.slice(0, ROWS);
    const shapes: [string[], Parameters<typeof planOf>[0]][] = [
      // Speeches: from a word to a page.
      [parts(play, /\n\n+/).slice(0, 400), 'entities'],
      [parts(play, /\n(?=SCENE )/).flatMap((scene) => [scene, ...parts(scene, /\n\n+/).slice(0, 5)]), 'summary'],
      [parts(chapters[0] ?? '', /\n\n+/).slice(0, 300), 'entities'],
      [parts(chapters[2] ?? '', /\n\n+/).slice(0, 300), 'summary'],
      // Two whole chapters among messages, at one end and in the middle.
      [[chapters[1] ?? '', ...some.slice(0, 70), chapters[2] ?? '', ...some.slice(70)], 'label'],
      // As somebody has sorted them, and with ten in a hundred that are thirty times as long.
      [messages.slice(150, 400).sort((a, b) => a.length - b.length), 'entities'],
      [messages.slice(400, 600).map((text, row) => (row % 10 === 3 ? messages.slice(row, row + 30).join('\n') : text)), 'entities'],
      [parts(chapters[1] ?? '', /\n\n+/).map((text, row, all) => (row % 40 === 7 ? all.slice(row, row + 25).join('\n') : text)), 'summary'],
      [
        parts(play, /\n\n+/)
          .slice(400, 800)
          .sort((a, b) => b.length - a.length),
        'label',
      ],
      [[...parts(play, /\n(?=ACT )/), ...parts(chapters[1] ?? '', /\n\n+/).slice(0, 200)], 'entities'],
    ];
    const { calls, tokens, widths } = outsideOf(await Promise.all(shapes.map(([texts, kind]) => run(texts, kind))));
    expect(calls.slice(1)).toEqual([]);
    expect(tokens.slice(1)).toEqual([]);
    expect(Math.max(...widths)).toBeLessThan(0.3);
  });
});
