import { nextRestart } from './restarts.js';

describe('nextRestart', () => {
  const times = { restartMs: 250, restartMaxMs: 1_500 };

  it.each([
    [1, { kind: 'at_once' }],
    [2, { kind: 'after', ms: 250 }],
    [3, { kind: 'after', ms: 500 }],
    [4, { kind: 'after', ms: 1_000 }],
    [5, { kind: 'after', ms: 1_500 }],
    [5_000, { kind: 'after', ms: 1_500 }],
  ])('should answer the end number %i in a row', (crashes, restart) => expect(nextRestart(crashes, times)).toEqual(restart));
});
