import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Plan, type Run } from '@apwa/contracts';
import { eventually, type ScriptedModel, scriptedModel } from '@apwa/test-kit';
import { parse } from 'yaml';
import { System } from './support/system.js';

const PLAN = fileURLToPath(new URL('../../../examples/decline-and-fall/plan.yaml', import.meta.url));
const CHAPTERS = 71;
const SENTENCES = 1_530;
/** What the model takes, in tokens of four bytes. */
const CONTEXT = 8_000;
const CONTEXT_BYTES = CONTEXT * 4;

const sentence = (n: number): string => `[s${n}] In that year the legions of the west chose another emperor, and the senate agreed to it.`;
const chapterOf = (chapter: number): string =>
  `CHAPTER ${chapter}\n\n${Array.from({ length: SENTENCES }, (_, at) => sentence((chapter - 1) * SENTENCES + at)).join(' ')}\n`;
const book = [
  { name: 'chapter-00.txt', content: 'A preface, which is no chapter.\n' },
  ...Array.from({ length: CHAPTERS }, (_, at) => ({ name: `chapter-${String(at + 1).padStart(2, '0')}.txt`, content: chapterOf(at + 1) })),
];

/** Sentences as spans, `[s0-s24]`: what goes on where the span before ends is one with it, and what is doubled, left out or disordered shows. */
const spansOf = (text: string): string => {
  const spans: [number, number][] = [];
  for (const [, from, to] of text.matchAll(/\[s(\d+)(?:-s(\d+))?\]/g)) {
    const [first, last] = [Number(from), Number(to ?? from)];
    const before = spans.at(-1);
    if (before && before[1] + 1 === first) before[1] = last;
    else spans.push([first, last]);
  }
  return spans.map(([first, last]) => `[s${first}-s${last}]`).join(' ');
};
/** As long as a summary is: those of a chapter, and of a volume, are too much for one call. */
const PADDING = ' It was told at length.'.repeat(100);

/** Real: everything but the model, whose server the test runs. It answers with the sentences that it was shown. */
describe('a book of ten megabytes', () => {
  let system: System;
  let model: ScriptedModel;
  /** Bytes of all that was said in each call. */
  let sizes: number[];
  let passages: string[];

  beforeAll(async () => {
    model = await scriptedModel();
    sizes = [];
    passages = [];
    model.otherwise(({ messages }) => {
      const [system = '', data = ''] = [messages[0], messages.at(-1)].map((message) => String(message?.content));
      sizes.push(Buffer.byteLength(system + data));
      const spans = spansOf(data);
      if (system.includes('passage of a history')) passages.push(spans);
      return { content: { summary: spans + PADDING } };
    });
    const models = { scripted: { baseUrl: model.url, name: 'scripted', contextTokens: CONTEXT, outputTokens: 1_500 } };
    system = await System.start({ config: { model: 'scripted', models } });
  });
  afterAll(async () => {
    await system.stop();
    await model.close();
  });

  it('should be told on a page from each passage once, in order, with no call above the context, though the manager dies at two levels', async () => {
    expect(book.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0)).toBeGreaterThan(10_500_000);
    const plan = Plan.parse(parse(await readFile(PLAN, 'utf8')));
    const run = await system.submit({ inputs: { book }, plan });
    const answered = ({ steps }: Run, id: string) =>
      (steps.find((step) => step.id === id)?.levels ?? []).reduce((sum, level) => sum + (level.answered ?? 0), 0);
    for (const step of ['by_chapter', 'by_volume']) {
      await eventually(async () => answered(await system.client.runs.get(run.id), step) > 0, { timeoutMs: 180_000, what: `answers of ${step}` });
      await system.stack.services.manager.kill();
      await system.stack.services.manager.restart();
    }

    const ended = await system.wait(run.id, 300_000);
    expect(ended).toMatchObject({ state: 'succeeded', error: null });
    const [page] = await system.rows(ended, 'page');
    expect(spansOf(String(page?.summary))).toBe(`[s0-s${CHAPTERS * SENTENCES - 1}]`);

    const told = await system.rows(ended, 'told');
    expect(told.length).toBeGreaterThan(700);
    expect([...passages].sort()).toEqual(told.map(({ text }) => spansOf(String(text))).sort());
    const calls = ended.steps.reduce((sum, { counts }) => sum + counts.calls, 0);
    expect(sizes).toHaveLength(calls);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(CONTEXT_BYTES);
    // Chapters and volumes are more than a call takes: they are folded in trees.
    const levels = (id: string) => ended.steps.find((step) => step.id === id)?.levels?.length ?? 0;
    expect([levels('by_chapter'), levels('by_volume')].map((count) => count > 1)).toEqual([true, true]);
  });
});
