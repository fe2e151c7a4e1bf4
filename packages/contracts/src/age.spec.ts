import { Age, ageMs } from './age.js';

describe('an age', () => {
  it.each([
    ['1s', 1_000],
    ['45m', 2_700_000],
    ['24h', 86_400_000],
    ['30d', 2_592_000_000],
    ['9999w', 6_047_395_200_000],
  ])('%s is %i ms', (text, ms) => {
    expect(ageMs(Age.parse(text))).toBe(ms);
  });

  it.each(['', '0d', '-3d', '3', 'd', '1.5h', '1 d', '1D', '10000d', '3 days', '1e3s', '٣d', '3d\n'])('refuses %j', (text) => {
    expect(Age.safeParse(text).success).toBe(false);
  });
});
