import { fenceMark, rowKey } from './row-key.js';

const row = (text: string, mark: string) =>
  `=== data ${mark} begins ===\n--- [field "text"] ${mark} ---\n${text}\n=== data ${mark} ends ===`;
const chat = (text: string, mark: string, task = 'Do it') => [
  { role: 'system' as const, content: task },
  { role: 'user' as const, content: row(text, mark) },
];
const [ONE, OTHER] = ['a1b2c3d4e5f60718', '0918273645546372'];

describe('the key of a row', () => {
  it('should not depend on the random mark', () => expect(rowKey(chat('hello', ONE))).toBe(rowKey(chat('hello', OTHER))));
  it('should depend on row and instructions', () => {
    expect(new Set([rowKey(chat('hello', ONE)), rowKey(chat('bye', ONE)), rowKey(chat('hello', ONE, 'Do that'))]).size).toBe(3);
  });
  it('should stay the same in a repair turn', () => {
    const repair = [
      ...chat('hello', ONE),
      { role: 'assistant' as const, content: '{' },
      { role: 'user' as const, content: 'Your answer does not have the required structure' },
    ];
    expect(rowKey(repair)).toBe(rowKey(chat('hello', ONE)));
  });
  it('should take no number of the data for a mark', () => expect(fenceMark('call 123456789012 now')).toBeNull());
});
