import { RefusedError } from '@apwa/contracts';
import { type IncomingMessage, type ServerResponse } from 'node:http';

/** The largest JSON body. A goal is a sentence and a plan a page; data comes as uploads. */
const JSON_BODY_LIMIT = 2 * 1024 * 1024;

/**
 * Reads the JSON body of a request into `request.body`, as middleware. Bodies of other types are left alone: uploads are
 * streamed, and what another site's page may send without asking (`text/plain`, forms) counts as no body at all.
 */
export const readJson = (
  request: IncomingMessage & { body?: unknown },
  _response: ServerResponse,
  next: (error?: unknown) => void,
): void => {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') return next();
  if (Number(request.headers['content-length'] ?? 0) > JSON_BODY_LIMIT) return next(tooLarge(Number(request.headers['content-length'])));
  if ((request.headers['content-encoding'] ?? 'identity') !== 'identity') return next(encoded(request.headers['content-encoding']));
  const chunks: Buffer[] = [];
  let bytes = 0;
  const stop = (): void => {
    request.off('data', onData).off('end', onEnd).off('error', onEnd);
  };
  const onData = (chunk: Buffer): void => {
    bytes += chunk.byteLength;
    chunks.push(chunk);
    if (bytes <= JSON_BODY_LIMIT) return;
    stop();
    next(tooLarge(bytes));
  };
  const onEnd = (error?: unknown): void => {
    stop();
    if (error) return next(error);
    try {
      if (bytes > 0) request.body = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)));
    } catch (cause) {
      return next(new RefusedError('invalid_json', 'The body is not JSON.', { field: 'body', allowed: 'a JSON document in UTF-8', cause }));
    }
    next();
  };
  request.on('data', onData).on('end', onEnd).on('error', onEnd);
};

/** `bytes`: its length as far as it is known. */
const tooLarge = (bytes: number): RefusedError =>
  new RefusedError('too_large', 'The body is too large: data belongs into an upload.', {
    field: 'body',
    value: `${bytes} bytes`,
    allowed: `${JSON_BODY_LIMIT} bytes at most`,
  });

const encoded = (encoding: string | undefined): RefusedError =>
  new RefusedError('invalid_request', 'The body is compressed.', { field: 'content-encoding', value: encoding, allowed: 'identity' });
