import { type Plan } from '@apwa/contracts';
import { readdir, readFile } from 'node:fs/promises';
import { type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { System } from './support/system.js';

const EXAMPLES = new URL('../../../examples/', import.meta.url);
const file = (path: string): Promise<string> => readFile(new URL(path, EXAMPLES), 'utf8');
const planOf = async (example: string): Promise<Plan> => parse(await file(`${example}/plan.yaml`)) as Plan;
/** Files of a folder as an input, those that the pattern fits. */
const folder = async (path: string, pattern = /./): Promise<{ name: string; content: string }[]> => {
  const names = (await readdir(new URL(path, EXAMPLES))).filter((name) => pattern.test(name)).sort();
  return Promise.all(names.map(async (name) => ({ name, content: await file(`${path}${name}`) })));
};

interface Sources {
  count: number;
  rows: { first: number; last: number }[];
}
const rowsOf = ({ rows }: Sources): number[] =>
  rows.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, n) => first + n));
/** Rows that those of a reduce were made of, in their order. */
const usedBy = (rows: readonly Record<string, unknown>[]): number[] => rows.flatMap(({ sources }) => rowsOf(sources as Sources));

/** Real: everything. The offline model answers. */
describe('the worked examples', () => {
  let system: System;
  let site: Server;
  let origin: string;

  beforeAll(async () => {
    const { serveSite } = (await import(fileURLToPath(new URL('research/serve.mjs', EXAMPLES)))) as {
      serveSite: (port: number) => Promise<Server>;
    };
    site = await serveSite(0);
    const host = `127.0.0.1:${(site.address() as AddressInfo).port}`;
    origin = `http://${host}`;
    system = await System.start({ config: { capabilities: { allowedHosts: [host], fetchHosts: ['127.0.0.1'] } } });
  });
  afterAll(async () => {
    await system.stop();
    site.closeAllConnections();
    await new Promise((resolve) => site.close(resolve));
  });

  it('should tell a play by its scenes and acts, and say of each text what it was made of', async () => {
    const content = await file('romeo-and-juliet/play.txt');
    const run = await system.run({ inputs: { play: { name: 'play.txt', content } }, plan: await planOf('romeo-and-juliet') });
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
    expect(usedBy(acts)).toEqual(told.map((_, row) => row));
    for (const { act, sources } of acts) for (const row of rowsOf(sources as Sources)) expect(told[row]?.act).toEqual(act);
    const pages = await system.rows(run, 'page');
    expect(pages.map(({ sources, summary }) => [(sources as Sources).count, typeof summary])).toEqual([[5, 'string']]);
  });

  it('should tell a history by its chapters and volumes, and lead from the page to each passage', async () => {
    const book = await folder('decline-and-fall/', /^chapter/);
    const run = await system.run({ inputs: { book }, plan: await planOf('decline-and-fall') });
    expect(run).toMatchObject({ state: 'succeeded', error: null });
    const told = await system.rows(run, 'told');
    for (const { path, text, chunk_start } of told) {
      const content = [...(book.find(({ name }) => path === name)?.content ?? '')];
      expect(content.slice(Number(chunk_start), Number(chunk_start) + [...String(text)].length).join('')).toBe(text);
    }
    const chapters = await system.rows(run, 'by_chapter');
    expect(chapters.map(({ volume, chapter }) => [Number(volume), Number(chapter)])).toEqual([
      [1, 1],
      [1, 4],
      [2, 22],
    ]);
    expect(usedBy(chapters)).toEqual(told.map((_, row) => row));
    expect(usedBy(await system.rows(run, 'by_volume'))).toEqual([0, 1, 2]);
    expect(usedBy(await system.rows(run, 'page'))).toEqual([0, 1]);
  });

  it('should put what four formats say into one schema', async () => {
    const inputs = { works: await folder('catalogue/works/'), list: { name: 'list.csv', content: await file('catalogue/list.csv') } };
    const run = await system.run({ inputs, plan: await planOf('catalogue') });
    expect(run).toMatchObject({ state: 'succeeded', error: null });
    const rows = await system.rows(run, 'catalogue');
    expect(rows.map(({ source }) => source).sort()).toEqual([
      ...inputs.works.flatMap(({ name }) => (name < 'list' ? [name] : [])),
      ...['list.csv', 'list.csv', 'list.csv'],
      ...inputs.works.flatMap(({ name }) => (name < 'list' ? [] : [name])),
    ]);
    const years = new Map(rows.map(({ source, year }) => [source, Number(year)]));
    expect(Object.fromEntries(years)).toMatchObject({ 'principia.tex': 1687, 'elements.xml': 1789, 'micrographia.html': 1665 });
  });

  it('should have each topic researched by two agents who search the site and read its page', async () => {
    const plan = parse((await file('research/plan.yaml')).replaceAll('http://127.0.0.1:8410', origin)) as Plan;
    const run = await system.run({ inputs: {}, plan });
    expect(run).toMatchObject({ state: 'succeeded', error: null });
    const rows = await system.rows(run, 'researched');
    expect(rows).toHaveLength(10);
    for (const { topic, url, replicas, _transcript: transcript } of rows) {
      const page = `${origin}/${String(topic)}.html`;
      expect([topic, url]).toEqual([topic, page]);
      expect(replicas).toMatchObject({ asked: 2, answered: 2 });
      for (const { messages } of JSON.parse(String(transcript)) as { messages: { tool_calls?: { function: { name: string } }[] }[] }[]) {
        const called = messages.flatMap(({ tool_calls: calls = [] }) => calls.map((call) => call.function.name));
        expect([topic, called]).toEqual([topic, ['search', 'fetch']]);
      }
    }
    const known = new Map(rows.map(({ topic, atomic_number: number }) => [topic, Number(number)]));
    expect(Object.fromEntries(known)).toMatchObject({ helium: 2, iron: 26, radium: 88 });
    expect(usedBy(await system.rows(run, 'report'))).toEqual(rows.map((_, row) => row));
  });

  it('should rank the files of a source tree by what was found in them', async () => {
    const files = await folder('../packages/sdk/src/', /[.]ts$/);
    const run = await system.run({
      inputs: { files: files.map((one) => ({ ...one, name: `${one.name}.txt` })) },
      plan: await planOf('code-review'),
    });
    expect(run).toMatchObject({ state: 'succeeded', error: null });
    const ranking = await system.rows(run, 'ranking');
    expect(ranking.map(({ path }) => path).sort()).toEqual(files.map(({ name }) => `${name}.txt`).sort());
    const severities = ranking.map(({ severity }) => Number(severity));
    expect(severities).toEqual([...severities].sort((a, b) => b - a));
    expect(usedBy(await system.rows(run, 'report'))).toEqual(ranking.map((_, row) => row));
  });
});
