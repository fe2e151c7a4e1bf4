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
