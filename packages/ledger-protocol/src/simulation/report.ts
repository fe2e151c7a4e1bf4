import { RULES } from '../rules.js';
import { type Fault, FAULTS } from './nemesis.js';
import { type Simulation, simulate, type SimulationOptions } from './simulate.js';

const invariantOf = (broken: string): string => broken.split(':')[0] ?? broken;

/** Kinds of faults that the seed needs to break the same invariant: one by one is left out what is not missed. */
const needed = (broken: string, seed: number, options: SimulationOptions): readonly Fault[] =>
  FAULTS.reduce<readonly Fault[]>((kept, fault) => {
    const faults = kept.filter((other) => other !== fault);
    const found = simulate(seed, { ...options, faults });
    return found.broken && invariantOf(found.broken) === invariantOf(broken) ? faults : kept;
  }, options.faults ?? FAULTS);

/** What broke and at which step, and the command that shows a schedule, with few kinds of faults, in which it does. */
export const report = ({ seed, broken, steps }: Simulation, options: SimulationOptions = {}): string => {
  if (!broken) return `seed ${seed}: all invariants hold, ${steps} steps`;
  const faults = needed(broken, seed, options);
  const without = options.rules ? RULES.filter((rule) => !options.rules?.has(rule)) : [];
  const flags = [
    `--seed ${seed}`,
    `--kinds ${faults.join(',') || 'none'}`,
    ...(without.length > 0 ? [`--without ${without.join(',')}`] : []),
  ];
  return `seed ${seed}, step ${steps}: ${broken}\n    npm run explore -w @apwa/ledger-protocol -- ${flags.join(' ')}`;
};
