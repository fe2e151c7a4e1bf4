import { startService, type TcpProxy } from '@apwa/test-kit';
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Random } from './random.js';
import { LATENCY_MS } from './soak-model.js';
import { LEASE_MS, SLOTS, type SoakSystem } from './soak-system.js';

/** What a fault may cost, and when all was well again. */
export interface FaultOutcome {
  /** Calls that may be made again on account of it. */
  allowedCalls: number;
  /** Monotonic milliseconds. */
  returnedAt: number;
}

export interface Fault {
  readonly name: string;
  /** Resolves when everything is back. */
  strike(system: SoakSystem, random: Random): Promise<FaultOutcome>;
  /** Whether it can be made here. */
  possible?: (system: SoakSystem) => boolean;
}

/** A member's calls in flight, and its answers of 50 ms, at twice the speed that the model allows on average. */
const IN_FLIGHT = SLOTS + Math.ceil((SLOTS * 2 * 50) / LATENCY_MS.least);
/** Longer than a lease, its renewals and the sweeper's rounds counted. */
const BEYOND_LEASE_MS = LEASE_MS + 3_000;
/** As long as calls can be made again by it: leases may run out a little earlier than they are long. */
const WITHIN_LEASE_MS = LEASE_MS / 2;

const done = (allowedCalls: number): FaultOutcome => ({ allowedCalls, returnedAt: performance.now() });

const cutFor = async (link: TcpProxy, ms: number): Promise<void> => {
  link.cut();
  await sleep(ms);
  link.restore();
};

const slowFor = async (link: TcpProxy, delayMs: number, ms: number): Promise<void> => {
  link.slow(delayMs);
  await sleep(ms);
  link.restore();
};

/** Where JetStream keeps what it holds. */
const storeOf = ({ stack }: SoakSystem): string => join(stack.dir, 'nats', 'jetstream');

export const FAULTS: readonly Fault[] = [
  {
    name: 'member_dies',
    strike: async ({ members }, random) => {
      await random.pick(members).replace();
      return done(IN_FLIGHT);
    },
  },
  {
    name: 'executor_dies',
    strike: async ({ stack: { services } }) => {
      await services.executor.kill();
      await services.executor.restart();
      return done(0);
    },
  },
  {
    name: 'manager_dies',
    strike: async ({ stack: { services } }) => {
      await services.manager.kill();
      await services.manager.restart();
      return done(0);
    },
  },
  {
    name: 'nats_dies',
    strike: async ({ stack: { services } }) => {
      await services.nats.kill();
      await services.nats.restart();
      return done(0);
    },
  },
  {
    name: 'postgres_dies',
    strike: async ({ stack: { services } }) => {
      await services.postgres.kill();
      await services.postgres.restart();
      return done(0);
    },
  },
  {
    name: 'member_stands_still',
    strike: async ({ members }, random) => {
      const member = random.pick(members);
      await member.process.kill('SIGSTOP');
      await sleep(BEYOND_LEASE_MS);
      await member.process.kill('SIGCONT');
      return done(IN_FLIGHT);
    },
  },
  {
    name: 'member_cut_off',
    strike: async ({ members }, random) => {
      await cutFor(random.pick(members).nats, random.int(200, BEYOND_LEASE_MS));
      return done(IN_FLIGHT);
    },
  },
  {
    name: 'member_slow',
    strike: async ({ members }, random) => {
      await slowFor(random.pick(members).nats, random.int(20, 300), 3_000);
      return done(0);
    },
  },
  {
    name: 'replies_lost',
    strike: async ({ members }, random) => {
      const { nats } = random.pick(members);
      nats.dropReplies();
      await sleep(random.int(200, WITHIN_LEASE_MS));
      nats.restore();
      return done(IN_FLIGHT);
    },
  },
  {
    name: 'executor_cut_off_from_nats',
    strike: async ({ links }, random) => {
      await cutFor(links.executor.nats, random.int(200, WITHIN_LEASE_MS));
      return done(0);
    },
  },
  {
    name: 'executor_cut_off_from_postgres',
    strike: async ({ links }, random) => {
      await cutFor(links.executor.postgres, random.int(200, BEYOND_LEASE_MS));
      return done(0);
    },
  },
  {
    name: 'executor_slow_to_postgres',
    strike: async ({ links }, random) => {
      await slowFor(links.executor.postgres, random.int(5, 50), 3_000);
      return done(0);
    },
  },
  {
    name: 'manager_cut_off_from_nats',
    strike: async ({ links }, random) => {
      await cutFor(links.manager.nats, random.int(200, BEYOND_LEASE_MS));
      return done(0);
    },
  },
  {
    name: 'manager_cut_off_from_postgres',
    strike: async ({ links }, random) => {
      await cutFor(links.manager.postgres, random.int(200, BEYOND_LEASE_MS));
      return done(0);
    },
  },
  {
    name: 'disk_full',
    possible: ({ disk }) => disk.fillable,
    strike: async ({ disk }, random) => {
      await disk.fill();
      await sleep(random.int(500, 4_000));
      await disk.free();
      return done(0);
    },
  },
  {
    name: 'nats_comes_back_empty',
    strike: async (system) => {
      const { nats } = system.stack.services;
      await nats.kill();
      await rm(storeOf(system), { recursive: true, force: true });
      await nats.restart();
      return done(0);
    },
  },
  {
    name: 'nats_comes_back_older',
    strike: async (system, random) => {
      const { nats } = system.stack.services;
      const copy = `${storeOf(system)}-before`;
      await nats.pause();
      await cp(storeOf(system), copy, { recursive: true });
      await nats.resume();
      await sleep(random.int(500, 5_000));
      await nats.kill();
      await rm(storeOf(system), { recursive: true, force: true });
      await cp(copy, storeOf(system), { recursive: true });
      await rm(copy, { recursive: true });
      await nats.restart();
      return done(0);
    },
  },
  {
    name: 'second_executor',
    strike: async ({ stack, links }) => {
      await stack.services.executor.pause();
      const { nats, postgres } = links.executor;
      const env = { APWA__nats__url: nats.url, APWA__executor__databaseUrl: postgres.url };
      const second = await startService('executor', { configFile: stack.configFile, logs: join(stack.dir, 'logs'), env });
      await stack.services.executor.resume();
      // The first one finds out, and ends; it comes back in the place of the second.
      await sleep(1_000);
      await second.kill();
      await stack.services.executor.restart();
      return done(0);
    },
  },
  {
    name: 'clock_jumps',
    possible: ({ clocks }) => Object.keys(clocks).length > 0,
    strike: async ({ clocks }, random) => {
      const clock = random.pick(Object.values(clocks));
      await clock.set(random.pick([3_600, -3_600]));
      await sleep(random.int(500, BEYOND_LEASE_MS));
      // What sets it right is another jump.
      await clock.set(0);
      return done(0);
    },
  },
  {
    name: 'model_hangs',
    strike: async ({ model }, random) => {
      model.be('hangs');
      await sleep(random.int(1_000, 6_000));
      model.be('well');
      return done(0);
    },
  },
  {
    name: 'model_errors',
    strike: async ({ model }) => {
      model.be('errors');
      await sleep(10_000);
      model.be('well');
      return done(0);
    },
  },
  {
    name: 'model_cuts_answers_off',
    strike: async ({ model }, random) => {
      model.be('cuts');
      await sleep(random.int(500, 4_000));
      model.be('well');
      return done(0);
    },
  },
  {
    // The executor says late that the model is down: until then nobody knows whose fault a failure is.
    name: 'model_cuts_answers_off_and_executor_slow',
    strike: async ({ model, links }, random) => {
      const slowed = slowFor(links.executor.nats, 1_500, 5_000);
      model.be('cuts');
      await sleep(random.int(1_000, 4_000));
      model.be('well');
      await slowed;
      return done(0);
    },
  },
];
