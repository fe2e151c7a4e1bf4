import { type ChatMessage } from '../server/chat.js';
import { withoutItemMarks } from './items.js';
import { readTask } from './task.js';

const head = (label: string) => `--- ${label} 0123abcd ---`;

describe('several items in one call', () => {
  it('should be read as one text', () => {
    expect(withoutItemMarks([head('item 3'), 'The first.', 'More of it.', head('item 4'), 'The second.'].join('\n'))).toBe(
      'The first.\nMore of it.\nThe second.',
    );
  });

  it('should be read by their texts where they are objects', () => {
    const items = [head('items 0 to 9'), '{"summary":"One.","claims":["Two.",3]}', head('items 10 to 12'), '{"summary":null}'];
    expect(withoutItemMarks(items.join('\n'))).toBe('One.\nTwo.\n3\n');
  });

  it.each(['', 'no items', `a\n${head('item 0')}`, '{"a":1}'])('should leave another text as it is: %j', (text) =>
    expect(withoutItemMarks(text)).toBe(text),
  );

  it('should be what a worker works on', () => {
    const mark = '0f0f0f0f0f0f0f0f';
    const content = [
      `=== data ${mark} begins ===`,
      `--- [field "items"] ${mark} ---`,
      head('item 0'),
      'A text.',
      `=== data ${mark} ends ===`,
    ].join('\n');
    const messages: ChatMessage[] = [
      { role: 'system', content: '# Task\nSummarise [field "items"]' },
      { role: 'user', content },
    ];
    expect(readTask(messages)).toMatchObject({ text: 'A text.', fields: [{ name: 'items', text: 'A text.' }] });
  });
});
