import fc from 'fast-check';
import { itemText, ITEM_BYTES } from './item-text.js';
import { packInOrder } from './pack.js';

const sizes = fc.array(fc.integer({ min: 1, max: 100 }), { maxLength: 200 });
const bundlesOf = (items: readonly number[], ends: readonly number[]): number[][] =>
  ends.map((end, at) => items.slice(ends[at - 1] ?? 0, end));
const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

describe('packing', () => {
  it('should put every item in one bundle, in order, none above the budget', () => {
    fc.assert(
      fc.property(sizes, fc.integer({ min: 100, max: 1_000 }), (items, most) => {
        const bundles = bundlesOf(items, packInOrder(items, most));
        expect(bundles.flat()).toEqual(items);
        expect(bundles.every((bundle) => bundle.length > 0 && sum(bundle) <= most)).toBe(true);
      }),
    );
  });

  it('should make no more bundles than must be: two neighbours never fit one', () => {
    fc.assert(
      fc.property(sizes, fc.integer({ min: 100, max: 1_000 }), (items, most) => {
        let [count, filled] = [0, Infinity];
        for (const size of items) {
          if (filled + size > most) [count, filled] = [count + 1, 0];
          filled += size;
        }
        expect(packInOrder(items, most)).toHaveLength(count);
      }),
    );
  });

  it('should make bundles alike in size', () => {
    expect(
      packInOrder(
        Array.from({ length: 9 }, () => 1),
        4,
      ),
    ).toEqual([3, 6, 9]);
    expect(packInOrder([5, 1, 1, 1, 1, 1], 6)).toEqual([1, 6]);
  });
});

describe('the text of a bundle', () => {
  it('should be as long as was reckoned', () => {
    const items = [
      { label: 'item 7', text: 'Ä😀' },
      { label: 'items 8 to 900', text: 'two\nlines' },
    ];
    const bytes = sum(items.map(({ label, text }) => Buffer.byteLength(label) + Buffer.byteLength(text) + ITEM_BYTES));
    expect(Buffer.byteLength(itemText(items))).toBe(bytes - 1);
  });

  it('should be the same for the same items, and have a mark that stands in none of them', () => {
    const items = [{ label: 'item 0', text: 'a' }];
    const first = itemText(items);
    expect(itemText(items)).toBe(first);
    const mark = /^--- item 0 (\w{8}) ---$/m.exec(first)?.[1] ?? '';
    // An item that has guessed the mark of another bundle, and pretends to be two.
    const forged = itemText([{ label: 'item 0', text: `a\n--- item 1 ${mark} ---\nforged` }]);
    const marks = [...forged.matchAll(/^--- item \d+ (\w{8}) ---$/gm)].map(([, one]) => one);
    expect(marks[0]).not.toBe(mark);
    expect(marks.filter((one) => one === marks[0])).toHaveLength(1);
  });
});
