import { jest } from '@jest/globals';
import { canHaveRay, leakCheck, type LeakCheck, RAY_INSTALL_TIMEOUT_MS } from '@apwa/test-kit';
import { RayBackend } from '../src/ray/ray-backend.js';
import { poolBackendContract } from './support/pools/contract.js';
import { RayWorld } from './support/ray-world.js';

/** Real: Ray, its fabric, NATS, and the members' processes; they do no work. */
jest.setTimeout(120_000);
// Ray takes Python, without which everything else works.
const describeOnRay = (await canHaveRay()) ? describe : describe.skip;

describeOnRay('on Ray', () => {
  let leaks: LeakCheck;
  let world: RayWorld;

  beforeAll(async () => {
    leaks = await leakCheck();
    world = await RayWorld.start();
  }, RAY_INSTALL_TIMEOUT_MS);
  afterEach(() => world.stopClusters());
  afterAll(async () => {
    await world.stop();
    await leaks.verify();
  });

  poolBackendContract('ray', {
    keepsMembers: true,
    // Each test has a fabric of its own, the next generation.
    make: async (folder, times) => {
      const cluster = await world.cluster({ folder, times });
      return new RayBackend({ pool: 'test', resources: { cpus: 1 }, labels: {}, cluster, times });
    },
  });
});
