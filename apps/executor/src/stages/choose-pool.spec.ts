import { type PoolConfig } from '@apwa/config';
import { RefusedError } from '@apwa/contracts';
import { choosePool } from './choose-pool.js';

const pool = (name: string, resources: PoolConfig['resources']): PoolConfig => ({
  name,
  backend: 'external',
  slots: 1,
  min: 0,
  max: 1,
  idleMs: 60_000,
  resources,
});
const pools = [pool('default', { cpus: 2 }), pool('large', { cpus: 8, memoryMb: 1000, gpus: 1, custom: { licence: 1 } })];

describe('choosePool', () => {
  it.each([
    [{}, 'default'],
    [{ cpus: 2 }, 'default'],
    [{ cpus: 3 }, 'large'],
    [{ gpus: 0.5 }, 'large'],
    [{ custom: { licence: 1 } }, 'large'],
  ])('should choose the first pool that has %p', (resources, name) => {
    expect(choosePool(pools, resources).name).toBe(name);
  });

  it('should refuse what no pool has, naming what there is', () => {
    const refusal = (() => {
      try {
        choosePool(pools, { gpus: 2 });
      } catch (error) {
        return error as RefusedError;
      }
      throw new Error('it was not refused');
    })();
    expect(refusal).toBeInstanceOf(RefusedError);
    expect(refusal.toPayload()).toMatchObject({
      code: 'no_such_pool',
      field: 'resources',
      allowed: expect.stringContaining('large has cpus 8'),
    });
  });
});
