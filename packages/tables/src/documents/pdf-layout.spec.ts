import { linesOf, pageBlocks, styleOf } from './pdf-layout.js';

/** Letters half as wide as high. */
const item = (str: string, x: number, y: number, size = 10) => ({
  str,
  transform: [size, 0, 0, size, x, y],
  width: (str.length * size) / 2,
});
const blocksOf = (...items: ReturnType<typeof item>[]) => {
  const lines = linesOf(items);
  return pageBlocks(lines, styleOf(lines));
};

describe('the layout of a page', () => {
  it('should put pieces of a line together, with blanks where there are gaps, superscripts too', () => {
    expect(blocksOf(item('Hel', 0, 100), item('lo', 15, 100), item('you', 28, 100), item('th', 43, 104, 6))).toEqual([
      { kind: 'text', text: 'Hello youth' },
    ]);
  });

  it('should part paragraphs by their distance, and read columns of a page one after the other', () => {
    const left = [item('left one', 0, 100), item('left two', 0, 88)];
    const right = [item('right one', 300, 100), item('right two', 300, 88), item('below', 300, 50)];
    expect(blocksOf(...left, ...right).map((block) => 'text' in block && block.text)).toEqual([
      'left one\nleft two',
      'right one\nright two',
      'below',
    ]);
  });

  it('should take larger letters for headings, by their sizes, a heading over two lines as one, and no figures', () => {
    const text = item('a text of many letters, so that it is what most letters are', 0, 40);
    expect(blocksOf(item('A long', 0, 100, 20), item('title', 0, 78, 20), item('1', 0, 70, 20), item('Section', 0, 56, 14), text)).toEqual([
      { kind: 'heading', level: 1, text: 'A long title' },
      { kind: 'text', text: '1' },
      { kind: 'heading', level: 2, text: 'Section' },
      { kind: 'text', text: 'a text of many letters, so that it is what most letters are' },
    ]);
  });

  it('should make tables of lines whose cells stand below each other, empty ones among them', () => {
    const rows = [
      [item('name', 0, 100), item('n', 100, 100), item('note', 200, 100)],
      [item('a', 0, 88), item('1', 100, 88)],
      [item('bb', 2, 76), item('x', 205, 76)],
    ];
    expect(blocksOf(...rows.flat(), item('the end', 0, 50))).toEqual([
      {
        kind: 'table',
        rows: [
          ['name', 'n', 'note'],
          ['a', '1', ''],
          ['bb', '', 'x'],
        ],
      },
      { kind: 'text', text: 'the end' },
    ]);
  });

  it('should read lines of a turned page', () => {
    const turned = (str: string, x: number, y: number) => ({ str, transform: [0, 10, -10, 0, x, y], width: str.length * 5 });
    expect(blocksOf(turned('one', 100, 0), turned('line', 100, 18), turned('next', 112, 0)) as { text: string }[]).toEqual([
      { kind: 'text', text: 'one line\nnext' },
    ]);
  });
});
