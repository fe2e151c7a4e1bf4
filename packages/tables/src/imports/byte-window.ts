/** The bytes of a source that were read and not used yet. */
export class ByteWindow {
  bytes: Buffer = Buffer.alloc(0);
  /** Where the next row begins in `bytes`. */
  at = 0;
  /** The line at that place, from 1. */
  line = 1;
  /** Nothing comes after `bytes`. */
  ended = false;

  append(chunk: Buffer): void {
    this.bytes = this.at === this.bytes.length ? chunk : Buffer.concat([this.bytes.subarray(this.at), chunk]);
    this.at = 0;
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  /** Bytes of the line at `at` without its end, and where the next one begins; null if its end is not there yet. */
  peekLine(): { content: Buffer; next: number } | null {
    const end = this.bytes.indexOf(0x0a, this.at);
    if (end < 0 && !this.ended) return null;
    const last = end < 0 ? this.bytes.length : end;
    const trimmed = last > this.at && this.bytes[last - 1] === 0x0d ? last - 1 : last;
    return { content: this.bytes.subarray(this.at, trimmed), next: end < 0 ? last : end + 1 };
  }

  skipByteOrderMark(): void {
    if (this.bytes[0] === 0xef && this.bytes[1] === 0xbb && this.bytes[2] === 0xbf) this.at = 3;
  }
}

/** Calls `take` whenever more of a source is there, the last time with `ended`; what `take` gives is passed on. */
export async function* overWindow<Row>(source: AsyncIterable<Buffer>, take: (window: ByteWindow) => Row[]): AsyncIterable<Row[]> {
  const window = new ByteWindow();
  let begun = false;
  for await (const chunk of source) {
    window.append(chunk);
    if (!begun) {
      // The mark is three bytes: a first piece shorter than that decides nothing.
      if (window.bytes.length < 3) continue;
      window.skipByteOrderMark();
      begun = true;
    }
    const rows = take(window);
    if (rows.length > 0) yield rows;
  }
  window.ended = true;
  const rows = take(window);
  if (rows.length > 0) yield rows;
}
