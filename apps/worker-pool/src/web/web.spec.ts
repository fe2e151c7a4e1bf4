import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { type Lookup, readText, Web, type WebRequest } from './web.js';

/** Real: a server of HTTP on this machine. DNS answers as the test says. */
describe('the web', () => {
  let server: Server;
  let port: number;
  let answer: (request: IncomingMessage, response: ServerResponse) => void;
  let asked: IncomingMessage[];
  const open: Web[] = [];

  beforeEach(async () => {
    asked = [];
    answer = (_, response) => void response.end('hello');
    server = createServer((request, response) => {
      asked.push(request);
      answer(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ({ port } = server.address() as AddressInfo);
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((web) => web.close()));
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const here: Lookup = () => Promise.resolve([{ address: '127.0.0.1' }]);
  const web = (allowedHosts: string[] = [], lookup: Lookup = here): Web => {
    const made = new Web({ allowedHosts, lookup });
    open.push(made);
    return made;
  };
  const get = async (client: Web, url: string, { maxBytes = 1_000, ...request }: WebRequest & { maxBytes?: number } = {}) => {
    const target = new URL(url);
    const timeoutMs = request.timeoutMs ?? 5_000;
    return readText(await client.request(target, { timeoutMs, ...request }), maxBytes, { host: target.host, timeoutMs });
  };
  const forbidden = { code: 'capability_failed', reason: 'forbidden' };

  it('should read from a host that is allowed by name, with or without its port', async () => {
    expect(await get(web(['inner.test']), `http://inner.test:${port}/`)).toBe('hello');
    expect(await get(web([`inner.test:${port}`]), `http://inner.test:${port}/`)).toBe('hello');
    expect(asked[0]?.headers.host).toBe(`inner.test:${port}`);
    await expect(get(web(['inner.test:1']), `http://inner.test:${port}/`)).rejects.toMatchObject(forbidden);
  });

  it.each([
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f000001',
    '0x7f.1',
    '0177.0.0.1',
    '１２７.０.０.１',
    '127。0。0。1',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[64:ff9b::7f00:1]',
    '[2002:7f00:1::]',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    'localhost',
    'localhost.',
    'inner.test',
  ])('should not reach %s', async (host) => {
    await expect(get(web(), `http://${host}:${port}/`)).rejects.toMatchObject(forbidden);
    expect(asked).toEqual([]);
  });

  it.each(['ftp://example.com/', 'file:///etc/passwd', 'data:text/plain,x', 'http://user:word@inner.test/'])(
    'should not take %s',
    async (url) => {
      await expect(get(web(['inner.test']), url)).rejects.toMatchObject(forbidden);
    },
  );

  it('should not be led on by a name whose address changes between check and use', async () => {
    const answers = ['93.184.216.34', '127.0.0.1'];
    let lookups = 0;
    const changing: Lookup = () => Promise.resolve([{ address: answers[Math.min(lookups++, 1)] as string }]);
    // What was checked is what is connected to, and nothing is there in a test; a second lookup would have led here.
    const client = web([], changing);
    await expect(get(client, `http://changing.test:${port}/`, { timeoutMs: 300 })).rejects.toMatchObject({ name: 'WebError' });
    expect(lookups).toBe(1);
    await expect(get(client, `http://changing.test:${port}/`)).rejects.toMatchObject(forbidden);
    expect(asked).toEqual([]);
  });

  it('should not take a name that has an inner address beside a public one', async () => {
    const both: Lookup = () => Promise.resolve([{ address: '93.184.216.34' }, { address: '10.0.0.1' }]);
    await expect(get(web([], both), 'http://both.test/')).rejects.toMatchObject(forbidden);
  });

  it.each([
    'http://127.0.0.1:PORT/secret',
    'http://169.254.169.254/latest/meta-data',
    'http://0x7f.1:PORT/',
    'http://other.test:PORT/',
    'file:///etc/passwd',
  ])('should not follow a redirect to %s', async (location) => {
    answer = (_, response) => void response.writeHead(302, { location: location.replace('PORT', String(port)) }).end();
    await expect(get(web(['inner.test']), `http://inner.test:${port}/`, { redirects: 3 })).rejects.toMatchObject(forbidden);
    expect(asked).toHaveLength(1);
  });

  it('should follow redirects that are allowed, without what was meant for the first host', async () => {
    answer = ({ url, headers }, response) => {
      if (url === '/first') response.writeHead(307, { location: `http://second.test:${port}/second` }).end();
      else response.end(JSON.stringify(headers));
    };
    const client = web(['first.test', 'second.test']);
    const headers = { authorization: 'Bearer canary', 'x-api-key': 'canary', accept: 'text/plain' };
    const text = await get(client, `http://first.test:${port}/first`, { redirects: 1, headers });
    expect(text).not.toContain('canary');
    expect(text).toContain('text/plain');
    expect(asked[0]?.headers.authorization).toBe('Bearer canary');
    answer = (_, response) => void response.writeHead(302, { location: '/again' }).end();
    await expect(get(client, `http://first.test:${port}/`, { redirects: 2 })).rejects.toMatchObject({ reason: 'redirects' });
  });

  it('should read no more than is allowed, packed or not', async () => {
    const client = web(['inner.test']);
    const url = `http://inner.test:${port}/`;
    answer = (_, response) => {
      response.on('error', () => undefined);
      const chunk = Buffer.alloc(64 * 1024);
      const pump = (): void => {
        while (!response.destroyed && response.write(chunk));
        if (!response.destroyed) response.once('drain', pump);
      };
      pump();
    };
    await expect(get(client, url)).rejects.toMatchObject({ reason: 'too_large', code: 'capability_bad_output' });
    answer = (_, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(50_000_000)));
    await expect(get(client, url)).rejects.toMatchObject({ reason: 'too_large' });
  });

  it('should wait no longer than is allowed, for the head and for the body', async () => {
    const client = web(['inner.test']);
    const url = `http://inner.test:${port}/`;
    answer = () => undefined;
    await expect(get(client, url, { timeoutMs: 200 })).rejects.toMatchObject({
      reason: 'timeout',
      code: 'capability_timeout',
      mayPass: true,
    });
    answer = (_, response) => void response.write('x');
    await expect(get(client, url, { timeoutMs: 200 })).rejects.toMatchObject({ reason: 'timeout' });
  });

  it('should say that there is nobody, or that a connection ended', async () => {
    const client = web(['inner.test']);
    const gone = createServer();
    await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
    const { port: closed } = gone.address() as AddressInfo;
    await new Promise((resolve) => gone.close(resolve));
    const unreachable = { reason: 'unreachable', mayPass: true, unsent: true };
    await expect(get(client, `http://inner.test:${closed}/`)).rejects.toMatchObject(unreachable);
    answer = (request) => void request.socket.destroy();
    await expect(get(client, `http://inner.test:${port}/`)).rejects.toMatchObject({ reason: 'connection' });
    const nobody: Lookup = () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' }));
    await expect(get(web([], nobody), 'http://nobody.test/')).rejects.toMatchObject({ reason: 'unreachable' });
  });
});
