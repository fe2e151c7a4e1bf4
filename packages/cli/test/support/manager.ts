import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { newId, type ErrorPayload, type Export, type Run } from '@apwa/contracts';

/** A server that speaks as much of the manager's API as a run needs; the run itself is a script. */
export interface ScriptedManager {
  url: string;
  requests: { method: string; path: string; body: string; authorization?: string }[];
  /** Shows these states of the run to whoever follows it, now or later. */
  show: (...runs: Run[]) => void;
  close: () => Promise<void>;
}

export interface Script {
  /** Answers of exports: their content, by export. */
  exports?: Record<string, { content: string; rows: number }>;
  /** What creating a run is refused with. */
  refusal?: ErrorPayload;
  onCancel?: (manager: ScriptedManager) => void;
  /** What everything is refused with. */
  lockedWith?: ErrorPayload & { status: number };
  /** Answers, by method and path, of what is not about the run. */
  answers?: Record<string, unknown>;
  /** The run as it is when it was paused. */
  paused?: Run;
}

const json = (response: ServerResponse, body: unknown, status = 200) =>
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

export const scriptedManager = async (run: Run, script: Script = {}): Promise<ScriptedManager> => {
  const shown: Run[] = [];
  const followers = new Set<ServerResponse>();
  const send = (follower: ServerResponse, one: Run) => follower.write(`data: ${JSON.stringify({ type: 'run', run: one })}\n\n`);
  const exportOf = (id: string): Export => ({
    id,
    tableId: newId('table'),
    format: 'csv',
    rows: 'ok',
    state: 'ready',
    rowCount: script.exports?.[id]?.rows ?? 0,
    bytes: 0,
    error: null,
  });
  const answer = (method: string, path: string, response: ServerResponse): unknown => {
    if (script.lockedWith) {
      const { status, ...error } = script.lockedWith;
      return json(response, { error }, status);
    }
    const known = script.answers?.[`${method} ${path}`];
    if (known) return json(response, known);
    const upload = { id: newId('upload'), files: [] };
    if (path.startsWith('/v1/uploads')) return json(response, upload, method === 'POST' ? 201 : 200);
    if (method === 'POST' && path === '/v1/runs')
      return script.refusal ? json(response, { error: script.refusal }, 400) : json(response, run, 201);
    if (path.endsWith('/cancel')) {
      script.onCancel?.(manager);
      return json(response, run);
    }
    if (path.endsWith('/pause')) return json(response, script.paused);
    const [, exportId, content] = /^\/v1\/exports\/([^/]+)(\/content)?$/.exec(path) ?? [];
    if (exportId) return content ? response.end(script.exports?.[exportId]?.content ?? '') : json(response, exportOf(exportId));
    if (!path.endsWith('/events')) return json(response, run);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    followers.add(response);
    for (const one of shown) send(response, one);
    return undefined;
  };
  const server = createServer((request, response) => {
    void (async () => {
      let body = '';
      for await (const chunk of request) body += String(chunk);
      const { pathname } = new URL(request.url ?? '', 'http://x');
      const { authorization } = request.headers;
      manager.requests.push({ method: request.method ?? '', path: pathname, body, ...(authorization ? { authorization } : {}) });
      answer(request.method ?? '', pathname, response);
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const manager: ScriptedManager = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    show: (...runs) => {
      shown.push(...runs);
      for (const follower of followers) for (const one of runs) send(follower, one);
    },
    close: () => new Promise((resolve) => void server.close(() => resolve()).closeAllConnections()),
  };
  return manager;
};
