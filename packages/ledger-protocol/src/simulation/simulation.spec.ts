import { RULES, rulesWithout, type Rule } from '../rules.js';
import { FAULTS } from './nemesis.js';
import { report } from './report.js';
import { HANGS, simulate, type SimulationOptions } from './simulate.js';
import { EXCUSED, NOT_WASTED, ON_LEASE, ONLY_KILLERS, TERMINAL } from './watch.js';

const PART = 'a committed part exists, is the one that won, and holds every row';
const SEEDS = 300;

/** Rules that guard each other are left out together: one alone is not missed. */
const BREAKS: readonly (readonly [rules: readonly Rule[], invariant: string])[] = [
  [['token-per-claim'], EXCUSED],
  [['commit-idempotent', 'workers-delete-nothing'], PART],
  [['commit-needs-active'], TERMINAL],
  [['commit-checks-part'], PART],
  [['revoke-before-delete'], PART],
  [['read-journal'], NOT_WASTED],
  [['fail-stop'], ON_LEASE],
  [['part-named-by-token'], PART],
  [['sweep-expired'], HANGS],
  [['purge-again'], HANGS],
  [['divide-suspects'], HANGS],
  [['try-alone'], ONLY_KILLERS],
  [['condemn-killers'], HANGS],
];

/** The first seed that breaks an invariant, or the one that is named. */
const firstBroken = (options: SimulationOptions = {}, invariant = '') => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const found = simulate(seed, options);
    if (found.broken?.startsWith(invariant)) return found;
  }
  return null;
};

describe('the shard protocol, in random schedules', () => {
  it(`should keep every invariant in ${SEEDS} of them, and come to its end`, () => {
    const found = firstBroken();
    expect(found && report(found)).toBeNull();
  }, 120_000);

  it('should run the same schedule of the same seed', () => {
    const lines = (seed: number): string[] => {
      const told: string[] = [];
      simulate(seed, { trace: (line) => told.push(line()) });
      return told;
    };
    expect(lines(7)).toEqual(lines(7));
    expect(lines(7)).not.toEqual(lines(8));
  });

  it('should let each kind of fault happen', () => {
    const told = new Set<string>();
    for (let seed = 1; seed <= 20; seed++)
      simulate(seed, {
        trace: (line) => {
          const [, kinds] = /period \d+: (.*)/.exec(line()) ?? [];
          for (const kind of kinds?.split(', ') ?? []) told.add(kind);
        },
      });
    expect(told).toEqual(new Set([...FAULTS, 'calm']));
  });

  it.each(BREAKS)(
    'should find out that %p is missing',
    (rules, invariant) => {
      expect(firstBroken({ rules: rulesWithout(...rules) }, invariant)).not.toBeNull();
    },
    120_000,
  );

  it('should need each of its rules', () => {
    expect(new Set(BREAKS.flatMap(([rules]) => rules))).toEqual(new Set(RULES));
  });

  it('should tell how to see again what it found, with few kinds of faults', () => {
    const options = { rules: rulesWithout('fail-stop') };
    const found = firstBroken(options);
    const told = found && report(found, options);
    expect(told).toMatch(/^seed \d+, step \d+: no call is begun on a lease that ran out/);
    const [, seed, kinds] = /--seed (\d+) --kinds (\S+) --without fail-stop$/.exec(told ?? '') ?? [];
    const again = simulate(Number(seed), { ...options, faults: FAULTS.filter((fault) => kinds?.split(',').includes(fault)) });
    expect(again.broken).toContain(ON_LEASE);
  });
});
