import preset from '../../jest.preset.js';

/** Whole systems are started and killed: milliseconds. */
export default { ...preset, testTimeout: 240_000 };
