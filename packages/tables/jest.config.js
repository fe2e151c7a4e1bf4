import preset from '../../jest.preset.js';

/** Jobs start processes and sort files: on a busy machine a test may take long without anything being wrong. */
export default { ...preset, testTimeout: 60_000 };
