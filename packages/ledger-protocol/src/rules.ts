/**
 * The rules that protect the work, each of which HAZARDS gives a reason for. All of them hold in production; the exploration
 * switches one off at a time, and must then find what it protects against.
 */
export const RULES = [
  /** The lease token is made when a shard is claimed, and is new each time. */
  'token-per-claim',
  /** The winner that asks again is told `committed`. */
  'commit-idempotent',
  /** Only an attempt that is not revoked can commit. */
  'commit-needs-active',
  /** A commit whose part is not in the store is refused. */
  'commit-checks-part',
  /** A holder that has lost its shard leaves its part to the sweeper. */
  'workers-delete-nothing',
  /** Parts are collected of revoked attempts alone. */
  'revoke-before-delete',
  /** A holder takes over what earlier attempts have journaled. */
  'read-journal',
  /** A holder that could not confirm its lease in time begins no call. */
  'fail-stop',
  /** A part's name holds the token. */
  'part-named-by-token',
  /** A lease that ran out is revoked some time. */
  'sweep-expired',
  /** The journal of a finished shard is purged again, for what stragglers still published. */
  'purge-again',
  /** A suspect shard of many rows at which a member crashed alone is divided. */
  'divide-suspects',
  /** A row is condemned for what it did alone, not for having been in flight beside another that did it. */
  'try-alone',
  /** A row at which members crash though it is alone is given up. */
  'condemn-killers',
] as const;
export type Rule = (typeof RULES)[number];
export type Rules = ReadonlySet<Rule>;

export const ALL_RULES: Rules = new Set(RULES);

/** All rules but those named. */
export const rulesWithout = (...left: Rule[]): Rules => new Set(RULES.filter((rule) => !left.includes(rule)));
