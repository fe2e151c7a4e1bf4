import { type Config } from '@apwa/config';
import { type Logger } from '@apwa/service';

export type { Config, Logger };

/** Injection token of the configuration. */
export const CONFIG = Symbol('config');
/** Injection token of the storage of parts. */
export const STORAGE = Symbol('storage');
/** Injection token of the service's log. */
export const LOG = Symbol('log');
/** Injection token of the timing, shorter in tests. */
export const TIMES = Symbol('timing');
/** Injection token of what is called, with the reason, when this executor must not go on. */
export const STOP = Symbol('stop');
/** Injection token of the path that is touched as a sign of health; null: nobody looks at it. */
export const HEALTH_FILE = Symbol('health-file');
/** Injection token of the command that starts a member, its program first; null for the one beside this service. */
export const MEMBER_COMMAND = Symbol('member-command');

export type StopNow = (reason: Error) => void;

/** How often and how long, in milliseconds. The lease and the heartbeat are configuration. */
export const TIMING = {
  /** A claim that has taken so long is answered with what it has got: its rows begin while the member asks for more. */
  claimMs: 5,
  /** Between two rounds of the sweeper. */
  sweepMs: 1_000,
  /** Whether the journal's stream is still there is asked this often, and on each reconnect. */
  journalCheckMs: 5_000,
  /** The journals of a shard at which members crash are read for this long at most, round after round … */
  journalReadMs: 5_000,
  /** … and done without after this. */
  journalPatienceMs: 60_000,
  /** An attempt at a shard is late, compared with others of its stage, after this at the earliest. */
  copyAfterMs: 5_000,
  /** Notices about the same stage: one in this time, its end at once. */
  noticeMs: 500,
  /** A stage's version grows with the progress of its attempts this often at most. */
  progressMs: 1_000,
  /** After a commit its journal is kept this long, for who asks what happened … */
  purgeMs: 5_000,
  /** … and purged again then, for what stragglers still published. */
  purgeAgainMs: 60_000,
  /** Parts of a revoked attempt are looked for after these times: a holder that was cut off may still write. */
  collectMs: 2_000,
  collectAgainMs: 60_000,
  /** Whatever an ended stage has left is removed after this and the two times before. */
  clearLastMs: 600_000,
  /** The journal is looked through for messages of stages that have ended this often: what is seen twice is removed. */
  strayMs: 600_000,
  /** A member that is gone is listed this long. */
  forgetMemberMs: 600_000,
  /** The first wait before a member that ended is started again, doubled with each crash up to the last. */
  restartMs: 250,
  restartMaxMs: 15_000,
  /** A member that lived this long has not crashed at its start. */
  stableMs: 10_000,
  /** Between two looks at what pools have to do and who is there; sooner when work comes. */
  scaleMs: 1_000,
  /** A member that has not joined after this long, though it could have, hangs. */
  joinMs: 60_000,
  /** Between two orders to the fabric of a Ray cluster; sooner when something else is wanted. */
  fabricMs: 1_000,
  /** A fabric that has had no order for so long drains its members and ends: nobody will ask for them. */
  fabricLeaseMs: 120_000,
  /** How long the members of a pool may take to drain. */
  drainMs: 20_000,
} as const;
export type Timing = { [key in keyof typeof TIMING]: number };

/** Attempts whose lease ran out that are revoked per second: a jump of Postgres' clock must not end all of them at once (H20). */
export const TAKEOVERS_PER_SECOND = 50;
