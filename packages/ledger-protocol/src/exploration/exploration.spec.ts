import { RULES, rulesWithout, type Rule } from '../rules.js';
import { explore } from './explore.js';
import { NO_HANG, ONLY_KILLERS } from './invariants.js';
import { SMALL, type Size } from './world.js';

const PART = 'a committed part exists, is the one that won, and holds every row';

/** Rules that guard each other are left out together: one alone is not missed. */
const BREAKS: readonly (readonly [rules: readonly Rule[], size: Partial<Size>, invariant: string])[] = [
  [['token-per-claim'], { faults: 1 }, 'no call is begun on a lease that ran out'],
  [['commit-idempotent', 'workers-delete-nothing'], { faults: 1 }, PART],
  [['commit-needs-active'], { faults: 1 }, 'one attempt of a shard at most has won'],
  [['commit-checks-part', 'revoke-before-delete'], { faults: 1 }, PART],
  [['read-journal'], { faults: 1 }, 'no attempt calls a row that the journal held when it read it'],
  [['fail-stop'], { faults: 1 }, 'no call is begun on a lease that ran out'],
  [['part-named-by-token'], { faults: 1 }, PART],
  [['sweep-expired'], { faults: 1, seconds: 0 }, NO_HANG],
  [['purge-again'], { faults: 1, seconds: 0 }, NO_HANG],
  [['divide-suspects'], { faults: 0, seconds: 0, poison: true }, NO_HANG],
  [['condemn-killers'], { faults: 0, seconds: 0, poison: true }, NO_HANG],
  [['try-alone'], { faults: 0, seconds: 0, poison: true }, ONLY_KILLERS],
];

describe('the shard protocol, explored', () => {
  it('should keep every invariant with two members, two faults and a second attempt', () => {
    const found = explore(SMALL);
    expect(found.broken).toEqual({});
    expect(found.cut).toBe(false);
    expect(found.states).toBeGreaterThan(100_000);
    expect(found.ends).toBeGreaterThan(0);
    expect(found.extraCalls).toBeLessThanOrEqual(2 * (SMALL.faults + SMALL.seconds));
  }, 120_000);

  it('should keep every invariant through a split, a further generation, a second executor and a cancel', () => {
    const found = explore({ ...SMALL, faults: 0, splits: 1, redrives: 1, executors: 2, cancels: true, seconds: 0 });
    expect(found.broken).toEqual({});
    expect(found.cut).toBe(false);
  }, 120_000);

  it('should give up the row that kills its members, and no other, whoever else dies meanwhile', () => {
    const found = explore({ ...SMALL, faults: 1, seconds: 0, poison: true });
    expect(found.broken).toEqual({});
    expect(found.cut).toBe(false);
    expect(found.ends).toBeGreaterThan(0);
  }, 120_000);

  it.each(BREAKS)(
    'should find out that %p is missing',
    (rules, size, invariant) => {
      const { broken } = explore({ ...SMALL, ...size, rules: rulesWithout(...rules) }, { untilBroken: true });
      expect(Object.keys(broken)).toContain(invariant);
    },
    120_000,
  );

  it('should need each of its rules', () => {
    expect(new Set(BREAKS.flatMap(([rules]) => rules))).toEqual(new Set(RULES));
  });
});
