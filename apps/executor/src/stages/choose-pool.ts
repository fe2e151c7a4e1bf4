import { type PoolConfig } from '@apwa/config';
import { RefusedError, type Resources } from '@apwa/contracts';

/** The first pool of the configuration that has what is asked for. RefusedError `no_such_pool` names what there is. */
export const choosePool = (pools: readonly PoolConfig[], resources: Resources): PoolConfig => {
  const pool = pools.find((candidate) => has(candidate.resources, resources));
  if (pool) return pool;
  throw new RefusedError('no_such_pool', 'No pool has the resources that the work asks for.', {
    field: 'resources',
    value: resources,
    allowed: pools.map(({ name, resources: own }) => `${name} has ${describe(own)}`).join('; '),
  });
};

const KINDS = ['cpus', 'memoryMb', 'gpus'] as const;

const has = (own: Resources, asked: Resources): boolean =>
  KINDS.every((kind) => (asked[kind] ?? 0) <= (own[kind] ?? 0)) &&
  Object.entries(asked.custom ?? {}).every(([name, amount]) => amount <= (own.custom?.[name] ?? 0));

const describe = (own: Resources): string => {
  const { custom = {}, ...rest } = own;
  return (
    Object.entries({ ...rest, ...custom })
      .map(([name, amount]) => `${name} ${amount}`)
      .join(', ') || 'none'
  );
};
