import { messages, reviews } from '../../../test/support/manager.js';
import { declined, planBy } from '../../../test/support/planned.js';

describe('a goal that no rule fits', () => {
  it.each([
    ['Send every customer an e-mail', 'no rule does what the goal asks for in "Send every customer an e-mail"'],
    ['Classify the reviews as good or bad, and train a model on them', 'in "train a model on them"'],
    ['Plot the price over time', 'in "Plot the price over time"'],
    ['Sing me a song', 'it names neither rows nor a table'],
  ])('should be declined, with what can be planned: %s', async (goal, reason) => {
    const text = await declined(goal, [reviews]);
    expect(text).toContain('By rules, without a language model');
    expect(text).toContain(reason);
    for (const kind of ['research of topics', 'in one', 'reviews (', 'level by level', 'answers for each row'])
      expect(text).toContain(kind);
  });

  it('should be declined where there is no table', async () => {
    expect(await declined('Explain the tides', [])).toContain('there is no table');
    expect((await planBy('Explain the tides', [])).calls).toEqual(['decline_task']);
  });

  it('should be declined where nothing is known of the tables', async () =>
    expect(await declined('Summarise each message', [{ ...messages, columns: [] }])).toContain('no columns are known'));
});
