import { InternalError, PermanentError, RefusedError, TransientError } from '@apwa/contracts';
import { afterFailure } from './pacing.js';
import { TIMING } from '../settings.js';

describe('an action that failed', () => {
  it('should be tried again for as long as something is away, more and more slowly', () => {
    const away = new TransientError('no_responder', 'nobody');
    expect([1, 2, 3, 100].map((tries) => afterFailure(away, tries, TIMING))).toEqual(
      [500, 1_000, 2_000, 10_000].map((afterMs) => ({ outcome: 'again', afterMs })),
    );
  });

  it('should be given up where it would run into its deadline for ever', () => {
    expect(afterFailure(new TransientError('deadline_exceeded', 'slow'), 5, TIMING).outcome).toBe('give_up');
  });

  it('should be given up at once where trying again is no use', () => {
    expect(afterFailure(new PermanentError('x', ''), 1, TIMING).outcome).toBe('give_up');
    expect(afterFailure(new RefusedError('x', ''), 1, TIMING).outcome).toBe('give_up');
  });

  it('should be tried some times where the fault is ours', () => {
    expect(afterFailure(new InternalError('x', ''), 4, TIMING).outcome).toBe('again');
    expect(afterFailure(new InternalError('x', ''), 5, TIMING).outcome).toBe('give_up');
  });
});
