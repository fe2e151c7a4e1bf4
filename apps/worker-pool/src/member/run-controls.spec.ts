import { RunControls } from './run-controls.js';

const ownerId = 'run_a';

describe('RunControls', () => {
  it('should ignore what an older message says', () => {
    const controls = new RunControls();
    expect(controls.accept({ ownerId, version: 2, state: 'active' })).toBe(true);
    expect(controls.accept({ ownerId, version: 1, state: 'paused' })).toBe(false);
    expect(controls.accept({ ownerId, version: 2, state: 'active' })).toBe(false);
    expect(controls.stateOf(ownerId)).toBe('active');
    expect(controls.accept({ ownerId, version: 3, state: 'cancelled' })).toBe(true);
    expect(controls.stateOf(ownerId)).toBe('cancelled');
    expect(controls.stateOf('run_b')).toBe('active');
  });
});
