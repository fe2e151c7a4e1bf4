import { jest } from '@jest/globals';
import { createProgram } from './program.js';

describe('the command soak', () => {
  it.each([
    [['--rounds', '0'], '--rounds', 'whole numbers from 1 to 100000'],
    [['--rows', '5'], '--rows', 'whole numbers from 100 to 1000000'],
    [['--seed', '-1'], '--seed', 'whole numbers from 0 to 2147483647'],
    [['--only', 'flood'], '--only', 'member_dies'],
  ])('should refuse %j, naming the flag and what is allowed', async (args, field, allowed) => {
    const ended = jest.fn();
    const refused = createProgram(ended).parseAsync(args, { from: 'user' });
    await expect(refused).rejects.toMatchObject({ class: 'refused', details: { field, value: args[1] } });
    await expect(refused).rejects.toMatchObject({ details: { allowed: expect.stringContaining(allowed) } });
    expect(ended).not.toHaveBeenCalled();
  });
});
