import { type Plan } from '@apwa/contracts';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { System } from './support/system.js';

const file = (path: string): Promise<string> => readFile(fileURLToPath(new URL(`../../../examples/${path}`, import.meta.url)), 'utf8');

interface Sources {
  count: number;
  rows: { first: number; last: number }[];
}
const rowsOf = ({ rows }: Sources): number[] =>
  rows.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, n) => first + n));

/** Real: everything. The offline model answers. */
describe('the worked examples', () => {
  let system: System;
  beforeAll(async () => {
    system = await System.start();
  });
  afterAll(() => system.stop());

  it('should tell a play by its scenes and acts, and say of each text what it was made of', async () => {
    const content = await file('romeo-and-juliet/play.txt');
    const plan = parse(await file('romeo-and-juliet/plan.yaml')) as Plan;
    const run = await system.run({ inputs: { play: { name: 'play.txt', content } }, plan });
    expect(run).toMatchObject({ state: 'succeeded', error: null });
    const told = await system.rows(run, 'told');
    const scenes = told.filter(({ chunk_heading }) => String(chunk_heading).startsWith('SCENE'));
    expect(new Set(scenes.map(({ act, chunk_heading }) => `${String(act)} ${String(chunk_heading)}`)).size).toBe(24);
    for (const { text, act_start, chunk_start } of told) {
      const start = Number(act_start) + Number(chunk_start);
      expect([...content].slice(start, start + String(text).length).join('')).toBe(text);
    }
    const acts = await system.rows(run, 'by_act');
    expect(acts.map(({ act }) => Number(act))).toEqual([1, 2, 3, 4, 5]);
    // Each piece once, in its order, and in its own act.
    expect(acts.flatMap(({ sources }) => rowsOf(sources as Sources))).toEqual(told.map((_, row) => row));
    for (const { act, sources } of acts) for (const row of rowsOf(sources as Sources)) expect(told[row]?.act).toEqual(act);
    const pages = await system.rows(run, 'page');
    expect(pages.map(({ sources, summary }) => [(sources as Sources).count, typeof summary])).toEqual([[5, 'string']]);
  });
});
