import { commonFormat, formatOfName } from './file-format.js';

describe('formats of files', () => {
  it.each([
    ['a.csv', 'csv'],
    ['in/B.PDF', 'documents'],
    ['a.docx.gz', 'documents'],
    ['a.md', 'text'],
    ['a.png', undefined],
    ['README', undefined],
  ])('should take %s as %s', (name, format) => {
    expect(formatOfName(name)).toBe(format);
  });

  it.each([
    [['a.md', 'b.txt'], { format: 'text' }],
    [['a.md', 'b.pdf', 'c.png', 'd.html'], { format: 'documents' }],
    [['a.md', 'b.png'], { unknown: 'b.png' }],
    [['a.csv', 'b.pdf'], { other: { name: 'b.pdf', format: 'documents' }, than: 'csv' }],
    [['a.csv', 'b.txt'], { other: { name: 'b.txt', format: 'text' }, than: 'csv' }],
  ])('should make of %j together %j', (names, common) => {
    expect(commonFormat(names)).toEqual(common);
  });
});
