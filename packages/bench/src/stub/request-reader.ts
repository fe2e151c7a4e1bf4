const HEAD_END = Buffer.from('\r\n\r\n');
const LENGTH = /\r\ncontent-length: *(\d+)/i;

/**
 * The bodies of the HTTP requests of one connection, whole and in order. Knows what clients of models send and no more: a head,
 * `Content-Length`, a body.
 */
export class RequestReader {
  #rest: Buffer | undefined;

  /** The bodies that are complete with this chunk. Throws on a request without a length. */
  *read(chunk: Buffer): Generator<Buffer> {
    let rest = this.#rest ? Buffer.concat([this.#rest, chunk]) : chunk;
    this.#rest = undefined;
    while (rest.length > 0) {
      const headEnd = rest.indexOf(HEAD_END);
      if (headEnd < 0) break;
      const [, length] = LENGTH.exec(rest.toString('latin1', 0, headEnd)) ?? [];
      if (length === undefined) throw new Error('a request came without Content-Length');
      const end = headEnd + HEAD_END.length + Number(length);
      if (rest.length < end) break;
      yield rest.subarray(headEnd + HEAD_END.length, end);
      rest = rest.subarray(end);
    }
    if (rest.length > 0) this.#rest = rest;
  }
}
