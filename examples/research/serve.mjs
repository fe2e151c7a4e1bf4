// Serves `site/` on this machine alone, with a search over its pages: `node examples/research/serve.mjs [PORT]`, 8410 if none is named.
import { readFile, readdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';

const SITE = new URL('site/', import.meta.url);
const MOST_RESULTS = 3;
const SNIPPET = 160;

const wordsOf = (text) => text.toLowerCase().match(/[a-z0-9]+/g) ?? [];

/** All pages by their path, with the words to find them by. */
const readPages = async () =>
  Promise.all(
    (await readdir(SITE)).sort().map(async (file) => {
      const content = await readFile(new URL(file, SITE), 'utf8');
      const text = content
        .replace(/<head>[^]*?<\/head>|<[^>]*>/g, ' ')
        .replace(/\s+/g, ' ')
        .trim();
      return { path: `/${file}`, content, title: /<title>(.*?)<\/title>/.exec(content)?.[1] ?? file, text, words: wordsOf(text) };
    }),
  );

/** The pages that have most of what is asked for; a word in the title counts more than any in the text. */
const search = (pages, query, origin) => {
  const wanted = new Set(wordsOf(query));
  const score = ({ title, words }) => {
    const inTitle = wordsOf(title).filter((word) => wanted.has(word)).length;
    return inTitle * 1_000 + words.filter((word) => wanted.has(word)).length;
  };
  return pages
    .map((page) => ({ page, points: score(page) }))
    .filter(({ points }) => points > 0)
    .sort((a, b) => b.points - a.points)
    .slice(0, MOST_RESULTS)
    .map(({ page }) => ({ title: page.title, url: `${origin}${page.path}`, snippet: page.text.slice(0, SNIPPET) }));
};

/** Resolves to the server, which listens on loopback. `port` 0: any that is free. */
export const serveSite = async (port) => {
  const pages = await readPages();
  const server = createServer((request, response) => {
    const origin = `http://127.0.0.1:${server.address().port}`;
    const { pathname, searchParams } = new URL(request.url ?? '/', origin);
    const page = pages.find(({ path }) => path === pathname);
    if (page) return void response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page.content);
    if (pathname === '/search') {
      const results = search(pages, searchParams.get('q') ?? '', origin);
      return void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ results }));
    }
    return void response.writeHead(404, { 'content-type': 'text/plain' }).end('There is no such page.');
  });
  await new Promise((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  return server;
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const port = Number(process.argv[2] ?? 8410);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    process.stderr.write(`The port ${process.argv[2]} is none: a whole number up to 65535 is expected.\n`);
    process.exit(2);
  }
  const server = await serveSite(port);
  process.stdout.write(`http://127.0.0.1:${server.address().port}\n`);
}
