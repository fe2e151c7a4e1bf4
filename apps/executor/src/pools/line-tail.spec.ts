import { LineTail } from './line-tail.js';

describe('LineTail', () => {
  it('should hand on whole lines, however they come, and the unfinished last one', () => {
    const lines: string[] = [];
    const stream = new LineTail().stream((line) => lines.push(line));
    for (const text of ['on', 'e\ntw', 'o\n\nthr', 'ee']) stream.write(text);
    expect(lines).toEqual(['one', 'two', '']);
    stream.end();
    expect(lines).toEqual(['one', 'two', '', 'three']);
  });

  it('should keep the last lines of all streams together', () => {
    const tail = new LineTail();
    const [out, err] = [tail.stream(() => undefined), tail.stream(() => undefined)];
    for (let index = 0; index < 50; index += 1) (index % 2 ? out : err).write(`${index}\n`);
    expect(tail.lines).toEqual(Array.from({ length: 20 }, (_, index) => String(30 + index)));
  });

  it('should not let an endless line grow', () => {
    const lines: string[] = [];
    const tail = new LineTail();
    const stream = tail.stream((line) => lines.push(line));
    for (let index = 0; index < 1_000; index += 1) stream.write('x'.repeat(1_000));
    stream.end();
    expect(lines.join('')).toHaveLength(1_000_000);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(70_000);
    expect(Math.max(...tail.lines.map((line) => line.length))).toBeLessThanOrEqual(2_000);
  });
});
