import { type AgentTurn, noUsage } from '@apwa/contracts';
import { type ChatMessage } from '@apwa/model';
import { KEPT_CHARACTERS, longResult } from '../capabilities/long-results.js';
import { Allowance } from './allowance.js';
import { Conversation } from './conversation.js';

const figures = { attempts: 1, usage: noUsage(), usageEstimated: false, costUsd: 0, latencyMs: 1, model: 'm', traceId: null };
const prompt: ChatMessage[] = [
  { role: 'system', content: 's'.repeat(400) },
  { role: 'user', content: 'u'.repeat(400) },
];
const begin = (room: number, before: readonly AgentTurn[] = []): Conversation =>
  new Conversation({
    prompt,
    values: {},
    place: { row: 1, replica: 0 },
    before,
    allowance: new Allowance({ turns: 20, tokens: 1e6, costUsd: Infinity }),
    room,
  });
/** A turn whose capability gave so many characters. */
const calls = (characters: number): ChatMessage[] => [
  { role: 'assistant', content: null, tool_calls: [] },
  { role: 'tool', tool_call_id: 'c', content: 'x'.repeat(characters) },
];
const shownResults = ({ shown }: Conversation): string[] =>
  shown.flatMap((message) => (message.role === 'tool' ? [message.content.startsWith('x') ? 'whole' : message.content] : []));
const take = (conversation: Conversation, characters: number, shrinks = 0): AgentTurn => {
  for (let n = 0; n < shrinks; n++) conversation.shrink();
  return conversation.turn(calls(characters), figures, {});
};

describe('what a model is shown of a conversation', () => {
  it('should be all of it while there is room', () => {
    const conversation = begin(10_000);
    take(conversation, 4_000);
    take(conversation, 4_000);
    expect(conversation.shown).toEqual(conversation.messages);
    expect(conversation.ids).toEqual([]);
  });

  it('should be less as the room ends: the oldest results go, the latest stay, and a note says how to read them again', () => {
    const conversation = begin(3_000);
    for (let n = 0; n < 3; n++) take(conversation, 4_000);
    // 200 of the prompt and 3,000 of results: one third is to be free again.
    expect(shownResults(conversation)).toEqual([
      'This result was left out to make room: it had 4000 characters. If it is needed again: read_result {"result": "0.0"}.',
      expect.stringContaining('"1.0"'),
      'whole',
    ]);
    expect(conversation.ids).toEqual(['0.0', '1.0']);
    expect(conversation.find('1.0')).toEqual({ whole: 'x'.repeat(4_000) });
    expect(conversation.messages.filter(({ content }) => content?.startsWith('x'))).toHaveLength(3);
    take(conversation, 100);
    expect(shownResults(conversation).slice(2)).toEqual(['whole', 'whole']);
  });

  it('should be less where the model takes no more, at last without the latest results', () => {
    const conversation = begin(100_000);
    for (let n = 0; n < 3; n++) take(conversation, 4_000);
    expect(conversation.shrink()).toBe(true);
    expect(shownResults(conversation).filter((one) => one === 'whole')).toHaveLength(1);
    expect(conversation.isFull).toBe(false);
    expect(conversation.shrink()).toBe(true);
    expect(shownResults(conversation)).not.toContain('whole');
    expect(conversation.isFull).toBe(true);
    expect(conversation.shrink()).toBe(false);
    expect(conversation.sizes).toMatch(/^about \d+ tokens \(200 of instructions and record, \d+ of what was said in 3 turns, 3 results/);
  });

  it.each([
    ['by the room alone', 3_000, [0, 0, 0, 0, 0, 0]],
    ['after refusals', 100_000, [0, 0, 0, 1, 0, 0]],
    ['after the last of them', 100_000, [0, 1, 0, 3, 0, 0]],
  ])('should be the same to who goes on behind its turns, %s', (_, room, shrinks) => {
    const conversation = begin(room);
    const turns: AgentTurn[] = [];
    for (const [n, times] of shrinks.entries()) {
      turns.push(take(conversation, 2_000 + n * 500, times));
      const again = begin(room, JSON.parse(JSON.stringify(turns)) as AgentTurn[]);
      expect(again.shown).toEqual(conversation.shown);
      expect([again.ids, again.isFull, again.leftOut]).toEqual([conversation.ids, conversation.isFull, conversation.leftOut]);
    }
  });

  it('should keep the latest of long results to be read on', () => {
    const conversation = begin(100_000);
    for (let n = 0; n < 3; n++)
      conversation.turn(calls(500), figures, { results: [longResult(`${n}.0`, 'fetch', 'x'.repeat(120_000), KEPT_CHARACTERS)] });
    expect(conversation.ids).toEqual(['1.0', '2.0']);
    expect(conversation.find('0.0')).toEqual({ whole: 'x'.repeat(500) });
    expect(conversation.find('2.0')).toMatchObject({ characters: 120_000 });
  });
});
