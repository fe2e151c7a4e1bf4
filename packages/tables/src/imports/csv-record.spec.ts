import fc from 'fast-check';
import { parseQuoted, splitPlain } from './csv-record.js';

const parse = (text: string, ended = true) => {
  const bytes = Buffer.from(text);
  return parseQuoted(bytes, 0, { delimiter: 0x2c, ended, decode: (from, to) => bytes.toString('utf8', from, to) });
};
const quoted = (fields: string[]) => fields.map((field) => `"${field.replaceAll('"', '""')}"`).join(',');
const field = fc.string({ unit: fc.constantFrom('a', 'ä', '😀', '"', ',', '\n', '\r', ' ') });

describe('CSV records', () => {
  it('should give back fields of any text', () => {
    fc.assert(
      fc.property(fc.array(field, { minLength: 1, maxLength: 5 }), fc.constantFrom('\n', '\r\n', ''), (fields, end) => {
        const text = quoted(fields);
        const lines = 1 + (text.match(/\n/g)?.length ?? 0);
        expect(parse(text + end)).toEqual({ kind: 'record', fields, next: Buffer.byteLength(text + end), lines });
      }),
    );
  });

  it('should want more bytes wherever a record is cut, and never take part of it', () => {
    fc.assert(
      fc.property(fc.array(field, { minLength: 1, maxLength: 3 }), fc.nat(), (fields, at) => {
        const whole = Buffer.from(`${quoted(fields)}\n`);
        const bytes = whole.subarray(0, at % whole.length);
        const record = parseQuoted(bytes, 0, { delimiter: 0x2c, ended: false, decode: (from, to) => bytes.toString('utf8', from, to) });
        expect(record).toEqual({ kind: 'unfinished' });
      }),
    );
  });

  it.each([
    ['a,"b"x\n', 'text stands behind a closing quote'],
    ['"a,b\n', 'a quote is opened and never closed'],
  ])('should say what is wrong with %j', (text, reason) => {
    expect(parse(text)).toEqual({ kind: 'broken', reason });
  });

  it('should tell empty fields from quoted empty ones, and take quotes within fields as they are', () => {
    expect(parse(',"",a "b" c\n')).toMatchObject({ fields: [null, '', 'a "b" c'] });
    expect(splitPlain('a,,b', ',')).toEqual(['a', null, 'b']);
  });
});
