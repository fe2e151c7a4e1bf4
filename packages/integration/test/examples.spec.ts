import { type CapabilityDefinition, type Plan, type Run } from '@apwa/contracts';
import { readdir, readFile } from 'node:fs/promises';
import { type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { System } from './support/system.js';

const EXAMPLES = new URL('../../../examples/', import.meta.url);
const file = (path: string): Promise<string> => readFile(new URL(path, EXAMPLES), 'utf8');
/** The goal by which its README runs an example. */
const goalOf = async (example: string): Promise<string> => {
  const goal = /apwa -- run "([^"]+)"/.exec(await file(`${example}/README.md`))?.[1];
  if (goal === undefined) throw new Error(`the README of ${example} names no goal`);
  return goal.replaceAll('\\\n', '');
};
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

type Row = Record<string, unknown>;
type Content = { name: string; content: string };

/** Pieces stand where they say, in the order of a text. `startOf`: where one begins, in characters. */
const expectPieces = (pieces: readonly Row[], contentOf: (piece: Row) => string, startOf: (piece: Row) => number): void => {
  for (const piece of pieces) {
    const text = [...String(piece.text)];
    const start = startOf(piece);
    expect([...contentOf(piece)].slice(start, start + text.length).join('')).toBe(text.join(''));
  }
};
const contentIn =
  (files: readonly Content[]) =>
  (piece: Row): string =>
    files.find(({ name }) => name === piece.path)?.content ?? '';

/** Each of 24 scenes is told, each piece once and in its own act, and the page is made of five acts. */
const expectPlay = (told: readonly Row[], acts: readonly Row[], pages: readonly Row[]): void => {
  const scenes = told.filter(({ chunk_heading }) => String(chunk_heading).startsWith('SCENE'));
  expect(new Set(scenes.map(({ act, chunk_heading }) => `${String(act)} ${String(chunk_heading)}`)).size).toBe(24);
  expect(acts.map(({ act }) => Number(act))).toEqual([1, 2, 3, 4, 5]);
  expect(usedBy(acts)).toEqual(told.map((_, row) => row));
  for (const { act, sources } of acts) for (const row of rowsOf(sources as Sources)) expect(told[row]?.act).toEqual(act);
  expect(pages.map(({ sources, summary }) => [(sources as Sources).count, typeof summary])).toEqual([[5, 'string']]);
};

/** From the page through volumes and chapters to each passage, every one of them used once. */
const expectHistory = (told: readonly Row[], chapters: readonly Row[], volumes: readonly Row[], pages: readonly Row[]): void => {
  expect(chapters.map(({ volume, chapter }) => [Number(volume), Number(chapter)])).toEqual([
    [1, 1],
    [1, 4],
    [2, 22],
  ]);
  expect(usedBy(chapters)).toEqual(told.map((_, row) => row));
  expect(usedBy(volumes)).toEqual([0, 1, 2]);
  expect(usedBy(pages)).toEqual([0, 1]);
};

const expectRanking = (ranking: readonly Row[], report: readonly Row[], files: readonly Content[]): void => {
  expect(ranking.map(({ path }) => path).sort()).toEqual(files.map(({ name }) => name).sort());
  const severities = ranking.map(({ severity }) => Number(severity));
  expect(severities).toEqual([...severities].sort((a, b) => b - a));
  expect(usedBy(report)).toEqual(ranking.map((_, row) => row));
};

const YEARS = { 'principia.tex': 1687, 'elements.xml': 1789, 'micrographia.html': 1665 };
const expectCatalogue = (rows: readonly Row[], works: readonly Content[], list: string): void => {
  const sources = [...works.map(({ name }) => name), list, list, list];
  expect(rows.map(({ source }) => source).sort()).toEqual(sources.sort());
  const years = new Map(rows.map(({ source, year }) => [source, Number(year)]));
  expect(Object.fromEntries(years)).toMatchObject(YEARS);
};

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

  /** A source tree of this project, as texts. */
  const sources = async (): Promise<Content[]> =>
    (await folder('../packages/sdk/src/', /[.]ts$/)).map(({ name, content }) => ({ name: `${name}.txt`, content }));

  /** Each topic was looked for and read by two agents, and the report is made of all of them. */
  const expectResearch = (rows: readonly Row[], report: readonly Row[], topic: string): void => {
    expect(rows).toHaveLength(10);
    for (const row of rows) {
      const { url, replicas, _transcript: transcript } = row;
      expect([row[topic], url]).toEqual([row[topic], `${origin}/${String(row[topic])}.html`]);
      expect(replicas).toMatchObject({ asked: 2, answered: 2 });
      for (const { messages } of JSON.parse(String(transcript)) as { messages: { tool_calls?: { function: { name: string } }[] }[] }[]) {
        const called = messages.flatMap(({ tool_calls: calls = [] }) => calls.map((call) => call.function.name));
        expect([row[topic], called]).toEqual([row[topic], ['search', 'fetch']]);
      }
    }
    const known = new Map(rows.map((row) => [row[topic], Number(row.atomic_number)]));
    expect(Object.fromEntries(known)).toMatchObject({ helium: 2, iron: 26, radium: 88 });
    expect(usedBy(report)).toEqual(rows.map((_, row) => row));
  };

  it('should tell a play by its scenes and acts, and say of each text what it was made of', async () => {
    const content = await file('romeo-and-juliet/play.txt');
    const run = await system.run({ inputs: { play: { name: 'play.txt', content } }, plan: await planOf('romeo-and-juliet') });
    expect(run).toMatchObject({ state: 'succeeded', error: null });
    const told = await system.rows(run, 'told');
    expectPieces(
      told,
      () => content,
      ({ act_start, chunk_start }) => Number(act_start) + Number(chunk_start),
    );
    expectPlay(told, await system.rows(run, 'by_act'), await system.rows(run, 'page'));
  });

  it('should tell a history by its chapters and volumes, and lead from the page to each passage', async () => {
    const book = await folder('decline-and-fall/', /^chapter/);
    const run = await system.run({ inputs: { book }, plan: await planOf('decline-and-fall') });
    expect(run).toMatchObject({ state: 'succeeded', error: null });
    const told = await system.rows(run, 'told');
    expectPieces(told, contentIn(book), ({ chunk_start }) => Number(chunk_start));
    expectHistory(told, await system.rows(run, 'by_chapter'), await system.rows(run, 'by_volume'), await system.rows(run, 'page'));
  });

  it('should put what four formats say into one schema', async () => {
    const inputs = { works: await folder('catalogue/works/'), list: { name: 'list.csv', content: await file('catalogue/list.csv') } };
    const run = await system.run({ inputs, plan: await planOf('catalogue') });
    expect(run).toMatchObject({ state: 'succeeded', error: null });
    expectCatalogue(await system.rows(run, 'catalogue'), inputs.works, 'list.csv');
  });

  it('should have each topic researched by two agents who search the site and read its page', async () => {
    const plan = parse((await file('research/plan.yaml')).replaceAll('http://127.0.0.1:8410', origin)) as Plan;
    const run = await system.run({ inputs: {}, plan });
    expect(run).toMatchObject({ state: 'succeeded', error: null });
    expectResearch(await system.rows(run, 'researched'), await system.rows(run, 'report'), 'topic');
  });

  it('should rank the files of a source tree by what was found in them', async () => {
    const files = await sources();
    const run = await system.run({ inputs: { files }, plan: await planOf('code-review') });
    expect(run).toMatchObject({ state: 'succeeded', error: null });
    expectRanking(await system.rows(run, 'ranking'), await system.rows(run, 'report'), files);
  });

  describe('from their goals alone', () => {
    beforeAll(async () => {
      const definition = parse((await file('research/search.yaml')).replaceAll('http://127.0.0.1:8410', origin)) as CapabilityDefinition;
      await system.client.capabilities.add({ definition });
    });

    const runOf = async (example: string, inputs: Record<string, Content | Content[]>): Promise<Run> => {
      const run = await system.run({ inputs, goal: await goalOf(example) });
      expect(run).toMatchObject({ state: 'succeeded', error: null });
      return run;
    };

    it('should find, redact and count personal data', async () => {
      const content = await file('pii/messages.jsonl');
      const run = await runOf('pii', { messages: { name: 'messages.jsonl', content } });
      const ids = content
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as Row).id);
      const findings = await system.rows(run, 'findings');
      expect(findings.map(({ id }) => id)).toEqual(ids);
      expect((await system.rows(run, 'redacted')).map(({ id }) => id)).toEqual(ids);
      const counts = await system.rows(run, 'by_type');
      const found = findings.flatMap(({ entities }) => entities as { type: string }[]);
      expect(counts.reduce((sum, { n }) => sum + Number(n), 0)).toBe(found.length);
      expect(new Set(counts.map(({ type }) => type))).toEqual(new Set(found.map(({ type }) => type)));
    });

    it('should tell a play by its scenes and acts', async () => {
      const content = await file('romeo-and-juliet/play.txt');
      const run = await runOf('romeo-and-juliet', { play: { name: 'play.txt', content } });
      const told = await system.rows(run, 'told');
      expectPieces(
        told,
        () => content,
        ({ chunk_start }) => Number(chunk_start),
      );
      expectPlay(told, await system.rows(run, 'by_act'), await system.rows(run, 'page'));
    });

    it('should tell a history by its chapters and volumes', async () => {
      const book = await folder('decline-and-fall/', /^chapter/);
      const run = await runOf('decline-and-fall', { book });
      const told = await system.rows(run, 'told');
      expectPieces(told, contentIn(book), ({ chunk_start }) => Number(chunk_start));
      expectHistory(told, await system.rows(run, 'by_chapter'), await system.rows(run, 'by_volume'), await system.rows(run, 'page'));
    });

    it('should put what four formats say into one schema', async () => {
      const works = await folder('catalogue/works/');
      const run = await runOf('catalogue', { works, list: { name: 'list.csv', content: await file('catalogue/list.csv') } });
      const rows = await system.rows(run, 'together');
      expectCatalogue(rows, works, 'list');
      expect(Object.keys(rows[0] ?? {})).toEqual(['title', 'author', 'year', 'place', 'source']);
      const gaps = rows.filter((row) => Object.values(row).includes(null));
      expect(await system.rows(run, 'incomplete')).toEqual(gaps);
    });

    it('should have topics researched with the search that the registry offers', async () => {
      const run = await runOf('research', {});
      const rows = await system.rows(run, 'researched');
      expectResearch(rows, await system.rows(run, 'report'), 'element');
      for (const { known_since_antiquity: known } of rows) expect([true, false, null]).toContain(known);
      expect(await system.rows(run, 'disputed')).toHaveLength(
        rows.filter(({ replicas }) => (replicas as { agreement: number }).agreement < 1).length,
      );
    });

    it('should rank the files of a source tree', async () => {
      const files = await sources();
      const run = await runOf('code-review', { files });
      expectRanking(await system.rows(run, 'ranking'), await system.rows(run, 'report'), files);
    });

    it('should be one kind of many: the same rules plan other goals over other data, and say what they cannot', async () => {
      const csv = (name: string, ...lines: string[]): Content => ({ name: `${name}.csv`, content: `${lines.join('\n')}\n` });
      const letters = csv(
        'letters',
        'sender,country,letter',
        'Ada,Peru,"The lamp came broken, and nobody answers."',
        'Bo,Chile,All is well.',
      );
      const chapters = [1, 2].map((n) => `Chapter ${n}\n\nIt rained on day ${n}.\n`).join('\n');
      const novel: Content = { name: 'novel.txt', content: `PART ONE\n\n${chapters}\nPART TWO\n\n${chapters}` };
      const west = csv('west', 'product,cost,vendor', 'Vane,210.5,West');
      const east = csv('east', 'name,price,currency', 'Barograph,650,GBP');
      const goals: [string, Record<string, Content>, string[]][] = [
        ['Condense the letters by country, and all of them on one page.', { letters }, ['reduce', 'reduce']],
        ['Tell this novel chapter by chapter, part by part, and as a whole.', { novel }, ['split', 'sql', 'map', 'reduce', 'reduce']],
        ['Convert west and east to one table with the columns name, price and supplier, by price.', { west, east }, ['sql']],
        ['Examine each letter for complaints, and rank the letters by urgency from 1 to 5.', { letters }, ['sql', 'map', 'sql']],
        ['Look up these metals: iron and silver. Say when it was discovered and the page that says so.', {}, ['table', 'map']],
      ];
      const begun = await Promise.all(goals.map(([goal, inputs]) => system.submit({ goal, inputs, stopAfter: 'planning' })));
      for (const [index, { id }] of begun.entries()) {
        const { state, error, plan } = await system.wait(id);
        expect([goals[index]?.[0], state, error, plan?.steps.map(({ kind }) => kind)]).toEqual([
          goals[index]?.[0],
          'succeeded',
          null,
          goals[index]?.[2],
        ]);
      }
      const declined = await system.run({ goal: 'Send each of them an answer by mail.', inputs: { letters } });
      expect(declined).toMatchObject({ state: 'failed', error: { code: 'goal_declined', message: expect.stringContaining('By rules') } });
      expect(declined.error?.allowed).toContain('The offline model is no language model, and plans');
    });
  });
});
