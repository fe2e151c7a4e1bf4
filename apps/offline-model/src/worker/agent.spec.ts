import { type ChatMessage, type Tool } from '../server/chat.js';
import { answerTo } from '../answer.js';

const tool = (name: string, properties: Record<string, object>, required = Object.keys(properties)): Tool => ({
  type: 'function',
  function: { name, parameters: { type: 'object', required, properties } },
});
const text = { type: 'string' };
const TOOLS = [tool('search', { query: text }), tool('fetch', { url: text }), tool('needs_split', { reason: text })];
const SCHEMA = { type: 'object', required: ['atomic_number', 'url'], properties: { atomic_number: { type: 'integer' }, url: text } };
const MARK = '0123456789abcdef';
const fenced = (name: string, value: string) =>
  `=== data ${MARK} begins ===\n--- [field ${JSON.stringify(name)}] ${MARK} ---\n${value}\n=== data ${MARK} ends ===`;
const PAGE = 'http://127.0.0.1:8410/iron.html';

/** What the offline model does as an agent, where each tool gives what is said here. */
const conversation = (topic: string, gives: Record<string, unknown>) => {
  const messages: ChatMessage[] = [
    { role: 'system', content: '# Task\nFind out about [field "topic"].' },
    { role: 'user', content: fenced('topic', topic) },
  ];
  const called: { name: string; given: unknown }[] = [];
  for (;;) {
    const answer = answerTo({
      model: 'offline-rules',
      messages,
      tools: TOOLS,
      response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: SCHEMA } },
    });
    if (answer.kind === 'text') return { called, answer: JSON.parse(answer.text) as unknown };
    const { name, arguments: given } = answer;
    called.push({ name, given: JSON.parse(given) });
    const id = `call_${called.length}`;
    messages.push({ role: 'assistant', content: null, tool_calls: [{ id, function: { name, arguments: given } }] });
    messages.push({ role: 'tool', tool_call_id: id, content: fenced(name, JSON.stringify(gives[name])) });
  }
};

describe('an agent by rules', () => {
  it('should call each tool once, with what the row and the results before give, and answer from what it read', () => {
    const { called, answer } = conversation('iron', {
      search: { results: [{ title: 'Iron', url: PAGE }] },
      fetch: {
        status: 200,
        url: PAGE,
        text: '<head><title>7</title></head><p>Iron, symbol Fe, has the atomic number 26.</p><p>It rusts.</p>',
      },
    });
    expect(called).toEqual([
      { name: 'search', given: { query: 'iron' } },
      { name: 'fetch', given: { url: PAGE } },
    ]);
    expect(answer).toEqual({ atomic_number: 26, url: PAGE });
  });

  it('should not call what it has no arguments for, and give no task back', () => {
    const { called } = conversation('iron', { search: { results: [] } });
    expect(called.map(({ name }) => name)).toEqual(['search']);
  });
});
