import { TransientError } from '@apwa/contracts';

/** The chunks of a body; a connection that breaks is a `TransientError`. */
async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncIterable<Uint8Array> {
  try {
    yield* body;
  } catch (cause) {
    throw new TransientError('connection_lost', 'The connection to the manager broke.', { cause });
  }
}

/** The data of server-sent events, one by one. Comments, ids and event names are left out: the API's events say their type in the data. */
export async function* serverSentEvents(body: ReadableStream<Uint8Array>): AsyncIterable<string> {
  const decoder = new TextDecoder();
  let rest = '';
  let data: string[] = [];
  for await (const chunk of chunksOf(body)) {
    rest += decoder.decode(chunk, { stream: true });
    const lines = rest.split(/\r?\n/);
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line.startsWith('data:')) data.push(line.slice(5).trimStart());
      else if (line === '' && data.length) {
        yield data.join('\n');
        data = [];
      }
    }
  }
}
