import { Allowance } from './allowance.js';
import { Prompts } from './prompts.js';
import { RequestReader } from './request-reader.js';
import { markedRow, rowMark } from './row-marks.js';

const request = (body: string, length = Buffer.byteLength(body)) =>
  Buffer.from(`POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\ncontent-length: ${length}\r\naccept: */*\r\n\r\n${body}`);

const bodiesOf = (reader: RequestReader, chunk: Buffer): string[] => [...reader.read(chunk)].map(String);

describe('the stub’s reading of requests', () => {
  it('should find bodies wherever the chunks are cut', () => {
    const bytes = Buffer.concat([request('{"a":"ä"}'), request('{"b":2}')]);
    for (let cut = 1; cut < bytes.length; cut++) {
      const reader = new RequestReader();
      const found = [...bodiesOf(reader, bytes.subarray(0, cut)), ...bodiesOf(reader, bytes.subarray(cut))];
      expect(found).toEqual(['{"a":"ä"}', '{"b":2}']);
    }
  });

  it('should not take a request without a length', () => {
    expect(() => bodiesOf(new RequestReader(), Buffer.from('POST / HTTP/1.1\r\nHost: x\r\n\r\n'))).toThrow('Content-Length');
  });
});

describe('the mark of a row', () => {
  it.each([0, 7, 999_999])('should be found in a body: row %d', (row) => {
    expect(markedRow(Buffer.from(`{"content":"row-x; row- rows ${rowMark(row)} text"}`))).toBe(row);
  });

  it('should not be seen where there is none', () => {
    expect(markedRow(Buffer.from('{"content":"row-12 and row-; row-1"}'))).toBeUndefined();
  });
});

describe('the stub’s limit', () => {
  it('should let through what a minute allows, evenly, and say when to come again', () => {
    const allowance = new Allowance(600, 0);
    const through = (from: number, to: number) => {
      let count = 0;
      for (let now = from; now < to; now += 5) if (allowance.take(now) === 0) count++;
      return count;
    };
    // What a second allows is there at the beginning.
    expect(Math.abs(through(0, 10_000) - 110)).toBeLessThanOrEqual(1);
    expect(Math.abs(through(10_000, 20_000) - 100)).toBeLessThanOrEqual(1);
    expect(Math.max(allowance.take(20_000), allowance.take(20_000))).toBeGreaterThanOrEqual(50);
  });
});

describe('what prompts have in common', () => {
  const body = (text: string) =>
    Buffer.from(
      JSON.stringify({
        model: 'stub',
        messages: [
          { role: 'system', content: 'Label it.' },
          { role: 'user', content: text },
        ],
        n: 1,
      }),
    );

  it('should be counted from their beginning', () => {
    const prompts = new Prompts();
    for (let n = 0; n < 64; n++) prompts.see(body(`${n % 2 === 0 ? 'even' : 'odd'} ${n}`));
    const shared = '[{"role":"system","content":"Label it."},{"role":"user","content":"even ';
    expect(prompts.figures).toMatchObject({ looked: 4, sharedBytes: Buffer.byteLength(shared) });
    expect(prompts.figures.meanBytes).toBeGreaterThan(shared.length);
    expect(prompts.figures.staticBytes).toBe(shared.indexOf('"role":"user"'));
  });

  it('should not be told of a single one', () => {
    const prompts = new Prompts();
    prompts.see(body('a'));
    expect(prompts.figures).toMatchObject({ looked: 1, sharedBytes: 0 });
  });
});
