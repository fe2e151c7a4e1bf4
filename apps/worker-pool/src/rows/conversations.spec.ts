import { type AgentTurn, noUsage } from '@apwa/contracts';
import { ConversationBook, longestOf } from './conversations.js';

const turn = (id: string, after: string | null, of: Partial<AgentTurn> = {}): AgentTurn => ({
  row: 0,
  replica: 0,
  id,
  after,
  messages: [{ role: 'assistant', content: id }],
  calls: 1,
  usage: noUsage(),
  usageEstimated: false,
  costUsd: 0,
  latencyMs: 1,
  model: 'm',
  ...of,
});
const ids = (turns: readonly AgentTurn[]) => turns.map(({ id }) => id);

describe('the longest conversation', () => {
  it.each<[string, AgentTurn[], string[]]>([
    ['of none', [], []],
    ['in whatever order the journal gives it', [turn('c', 'b'), turn('a', null), turn('b', 'a')], ['a', 'b', 'c']],
    [
      'of two that went on side by side: turns of one attempt alone',
      [turn('a', null), turn('b', 'a'), turn('x', 'a'), turn('y', 'x')],
      ['a', 'x', 'y'],
    ],
    ['without those behind a gap', [turn('a', null), turn('c', 'b'), turn('d', 'c')], ['a']],
    ['without a circle', [turn('a', 'b'), turn('b', 'a'), turn('c', null)], ['c']],
  ])('should be found %s', (_, turns, longest) => expect(ids(longestOf(turns))).toEqual(longest));
});

describe('conversations of an attempt', () => {
  it('should go on behind what was taken over, each replica by itself', async () => {
    const journaled: AgentTurn[] = [];
    const book = new ConversationBook(async (one) => void journaled.push(one));
    const taken = book.takeOver([turn('a', null), turn('b', 'a'), turn('r', null, { replica: 1 }), turn('z', 'gone', { row: 7 })]);
    expect(ids(taken)).toEqual(['a', 'b', 'r']);
    await book.add(turn('c', 'b'));
    expect(ids(journaled)).toEqual(['c']);
    expect(ids(book.of(0, 0))).toEqual(['a', 'b', 'c']);
    expect(ids(book.of(0, 1))).toEqual(['r']);
    expect(book.of(7, 0)).toEqual([]);
    const [call, other] = ['a'.repeat(64), 'b'.repeat(64)];
    book.takeOver([turn('i', null, { within: call }), turn('j', 'i', { within: call }), turn('k', null, { within: other, replica: 1 })]);
    expect([ids(book.of(0, 0, call)), ids(book.of(0, 0, other)), ids(book.of(0, 0))]).toEqual([['i', 'j'], [], ['a', 'b', 'c']]);
    // The turn that called it has ended: what it said is part of that now.
    await book.add(turn('d', 'c'));
    expect([book.of(0, 0, call), ids(book.of(0, 1, other))]).toEqual([[], ['k']]);
    book.forget(0);
    expect(book.of(0, 1, other)).toEqual([]);
    expect(book.of(0, 0)).toEqual([]);
    expect(book.of(0, 1)).toEqual([]);
  });
});
