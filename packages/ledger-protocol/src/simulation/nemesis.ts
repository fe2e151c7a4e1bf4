import { type Cluster } from './cluster.js';
import { Random } from './random.js';

/** Kinds of faults; what each does stands beside it in `ACTS` or `VICES`. */
export const FAULTS = [
  'lose-requests',
  'lose-replies',
  'double-requests',
  'delay-requests',
  'journal-trouble',
  'store-trouble',
  'kill',
  'unseen-deaths',
  'stop',
  'drain',
  'cut-off',
  'wipe-journal',
  'lose-journal-tail',
  'jump-clock',
  'stop-executor',
  'second-executor',
  'pause',
  'split',
] as const;
export type Fault = (typeof FAULTS)[number];

const PERIODS = 6;
const HOUR_MS = 3_600_000;

type Act = (cluster: Cluster, random: Random) => void;

/** What lasts as long as its period. */
const VICES: Partial<Record<Fault, Act>> = {
  'lose-requests': ({ network: { vices } }) => (vices.executor.lost = 0.2),
  'lose-replies': ({ network: { vices } }) => (vices.executor.replyLost = 0.2),
  'double-requests': ({ network: { vices } }) => Object.values(vices).forEach((vice) => (vice.doubled = 0.15)),
  'delay-requests': ({ network: { vices } }) => Object.values(vices).forEach((vice) => (vice.late = 0.1)),
  'journal-trouble': ({ network: { vices } }) => Object.assign(vices.journal, { lost: 0.2, replyLost: 0.2, late: 0.2 }),
  'store-trouble': ({ network: { vices } }) => Object.assign(vices.store, { lost: 0.3, replyLost: 0.3, forgotten: 0.3 }),
  'unseen-deaths': (cluster) => (cluster.unseen = 0.7),
};

/** What happens at once, one to three times in its period. */
const ACTS: Partial<Record<Fault, Act>> = {
  kill: (cluster, random) => random.pick(cluster.living())?.kill(null),
  stop: (cluster, random) => {
    const process = random.pick(cluster.living())?.process;
    process?.stop();
    cluster.schedule.after(random.between(1_000, 25_000), () => process?.continue());
  },
  drain: (cluster, random) => random.pick(cluster.living())?.drain(),
  'cut-off': (cluster, random) => {
    const process = random.pick(cluster.living())?.process;
    if (process) cluster.network.cutOff.add(process);
    cluster.schedule.after(random.between(1_000, 25_000), () => process && cluster.network.cutOff.delete(process));
  },
  'wipe-journal': (cluster) => cluster.lose(cluster.journal.wipe()),
  'lose-journal-tail': (cluster, random) => cluster.lose(cluster.journal.loseLast(1 + random.below(40))),
  'jump-clock': ({ ledger }, random) => (ledger.offset = random.chance(0.5) ? HOUR_MS : -HOUR_MS),
  'stop-executor': (cluster, random) => {
    const { process } = cluster.leader;
    process.stop();
    cluster.schedule.after(random.between(500, 20_000), () => process.continue());
  },
  'second-executor': (cluster, random) => {
    const { process } = cluster.leader;
    process.stop();
    cluster.startExecutor();
    cluster.schedule.after(random.between(100, 15_000), () => process.continue());
  },
  pause: (cluster, random) => {
    cluster.control('paused');
    cluster.schedule.after(random.between(500, 15_000), () => cluster.control('active'));
  },
  split: ({ ledger }, random) => {
    const shard = random.below(ledger.shards.length);
    const { first, last } = ledger.entry(shard).ledger.range;
    const middle = first + random.below(last - first);
    ledger.decide(shard, {
      kind: 'split',
      ranges: [
        { first, last: middle, suspicion: 'none' },
        { first: middle + 1, last, suspicion: 'none' },
      ],
    });
  },
};

/**
 * Faults by mix: periods of some seconds, each with a random subset of the kinds, a quarter of them calm; in the end all is healed, and
 * `healed` is called.
 */
export const unleash = (cluster: Cluster, seed: number, kinds: readonly Fault[], healed: () => void): void => {
  const random = new Random(seed);
  let at = 0;
  for (let period = 0; period < PERIODS; period++) {
    const length = random.between(8_000, 20_000);
    const calm = random.chance(0.25);
    const chosen = FAULTS.filter(() => random.chance(0.3));
    const acts = FAULTS.map(() => Array.from({ length: 1 + random.below(3) }, () => at + random.between(0, length)));
    const present = (fault: Fault) => !calm && chosen.includes(fault) && kinds.includes(fault);
    cluster.schedule.after(at, () => {
      cluster.calm();
      for (const fault of FAULTS) if (present(fault)) VICES[fault]?.(cluster, random);
      cluster.note(() => `period ${period + 1}: ${FAULTS.filter(present).join(', ') || 'calm'}`);
    });
    FAULTS.forEach((fault, i) => {
      if (present(fault) && ACTS[fault])
        for (const moment of acts[i] ?? [])
          cluster.schedule.after(moment, () => {
            cluster.note(() => `! ${fault}`);
            ACTS[fault]?.(cluster, random);
          });
    });
    at += length;
  }
  cluster.schedule.after(at, () => {
    cluster.note(() => 'all is healed');
    cluster.heal();
    healed();
  });
};
