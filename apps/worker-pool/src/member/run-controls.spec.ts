import { RunControls } from './run-controls.js';

const ownerId = 'run_a';

describe('RunControls', () => {
  it('should ignore what an older message says', () => {
    const controls = new RunControls();
    expect(controls.accept({ ownerId, version: 2, state: 'active' })).toBe(true);
    expect(controls.accept({ ownerId, version: 1, state: 'paused' })).toBe(false);
    expect(controls.accept({ ownerId, version: 2, state: 'active' })).toBe(false);
    expect(controls.stateOf(ownerId, 'stg_a')).toBe('active');
    expect(controls.accept({ ownerId, version: 3, state: 'cancelled' })).toBe(true);
    expect(controls.stateOf(ownerId, 'stg_a')).toBe('cancelled');
    expect(controls.stateOf('run_b', 'stg_a')).toBe('active');
  });

  it('should hold stages of a run that goes on, until a newer message says nothing of them', () => {
    const controls = new RunControls();
    controls.accept({ ownerId, version: 1, state: 'active', held: ['stg_a'] });
    expect([controls.stateOf(ownerId, 'stg_a'), controls.stateOf(ownerId, 'stg_b')]).toEqual(['paused', 'active']);
    controls.accept({ ownerId, version: 2, state: 'cancelled', held: ['stg_a'] });
    expect(controls.stateOf(ownerId, 'stg_a')).toBe('cancelled');
    controls.accept({ ownerId, version: 3, state: 'active' });
    expect(controls.stateOf(ownerId, 'stg_a')).toBe('active');
  });
});
