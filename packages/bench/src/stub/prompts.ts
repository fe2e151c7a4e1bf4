/** One of so many requests is looked at: the stub must not be what limits anybody. */
const EVERY = 16;
const MESSAGES = Buffer.from('"messages":');
const END = Buffer.from('}]');
/** Where what is said of the row begins. */
const ROW = Buffer.from('"role":"user"');

/** What requests' messages have in common at their beginning: what an endpoint that caches prompts need not read again. */
export class Prompts {
  #seen = 0;
  #looked = 0;
  #bytes = 0;
  #staticBytes = 0;
  #shared: Buffer | null = null;

  see(body: Buffer): void {
    if (this.#seen++ % EVERY !== 0) return;
    const start = body.indexOf(MESSAGES);
    if (start < 0) return;
    const messages = body.subarray(start + MESSAGES.length, body.indexOf(END, start));
    this.#looked++;
    this.#bytes += messages.length;
    this.#staticBytes += Math.max(0, messages.indexOf(ROW));
    this.#shared = this.#shared === null ? Buffer.from(messages) : this.#shared.subarray(0, commonLength(this.#shared, messages));
  }

  /** `staticBytes`: of what stands before the row's message. Bytes are means of the prompts that were looked at. */
  get figures(): { looked: number; meanBytes: number; staticBytes: number; sharedBytes: number } {
    return {
      looked: this.#looked,
      meanBytes: this.#bytes / Math.max(1, this.#looked),
      staticBytes: this.#staticBytes / Math.max(1, this.#looked),
      sharedBytes: this.#looked < 2 ? 0 : (this.#shared?.length ?? 0),
    };
  }
}

const commonLength = (a: Buffer, b: Buffer): number => {
  const most = Math.min(a.length, b.length);
  let at = 0;
  while (at < most && a[at] === b[at]) at++;
  return at;
};
