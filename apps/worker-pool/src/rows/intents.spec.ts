import { IntentBook } from './intents.js';

const key = (letter: string) => letter.repeat(64);
const none: ReadonlySet<string> = new Set();
const noEnd = async () => undefined;

describe('calls that must never be made twice', () => {
  it('should make a row uncertain when attempts before may have made one that is not known to have ended', async () => {
    let asked = 0;
    const list = async () => {
      asked++;
      return [
        { row: 3, key: key('a') },
        { row: 3, key: key('b') },
      ];
    };
    const book = new IntentBook({ list, record: async () => true, end: noEnd }, true);
    expect(await book.uncertain(3, new Set([key('a')]))).toBe(true);
    expect(await book.uncertain(3, new Set([key('a'), key('b')]))).toBe(false);
    expect(await book.uncertain(4, none)).toBe(false);
    expect(asked).toBe(1);
  });

  it('should ask again for what could not be told, and let nothing begin meanwhile', async () => {
    const answers = [Promise.reject(new Error('away')), Promise.resolve([{ row: 1, key: key('a') }])];
    const book = new IntentBook({ list: () => answers.shift() ?? Promise.resolve([]), record: async () => true, end: noEnd }, true);
    await expect(book.uncertain(1, none)).rejects.toThrow('away');
    expect(await book.uncertain(1, none)).toBe(true);
  });

  it('should be remembered of the attempt itself, which asks nobody if it is the first', async () => {
    const recorded: [number, string][] = [];
    const list = () => Promise.reject(new Error('asked'));
    const record = async (row: number, one: string) => recorded.push([row, one]) > 0;
    const book = new IntentBook({ list, record, end: noEnd }, false);
    expect(await book.uncertain(1, none)).toBe(false);
    expect(await book.record(1, key('a'))).toBe(true);
    expect(await book.uncertain(1, none)).toBe(true);
    expect(recorded).toEqual([[1, key('a')]]);
  });

  it('should leave nothing in doubt of one that was refused, tell so, and not make it again', async () => {
    const ended: [number, string][] = [];
    const end = async (row: number, one: string) => void ended.push([row, one]);
    const book = new IntentBook({ list: async () => [], record: async () => true, end }, false);
    await book.record(1, key('a'));
    await book.record(1, key('b'));
    book.refused(1, key('a'));
    expect(ended).toEqual([[1, key('a')]]);
    expect(await book.uncertain(1, new Set([key('b')]))).toBe(false);
    expect(await book.uncertain(1, none)).toBe(true);
    // Were it made again, a late word of the refusal would take it back while it is under way.
    expect(await book.record(1, key('a'))).toBe(false);
    expect(await book.record(2, key('a'))).toBe(true);
  });
});
