import preset from '../../jest.preset.js';

/** Integration tests start processes, and wait for leases to run out: milliseconds. */
export default { ...preset, testTimeout: 60_000 };
