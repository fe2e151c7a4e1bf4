import { type PoolConfig } from '@apwa/config';
import { type PoolReport } from '@apwa/contracts';
import { type CrewMember } from '../members/members.repository.js';
import { describeDeath } from './describe-death.js';
import { instanceOf, type Slot } from './pool-backend.js';
import { type BadEnd } from './pools.service.js';
import { CRASH_LOOP } from './restarts.js';

export interface PoolFacts {
  /** Members of the pool that are there, and the places that its backend keeps. */
  readonly crew: readonly CrewMember[];
  readonly places: readonly Slot[];
  readonly backlog: number;
  readonly lastEnd: BadEnd | null;
  /** What is waited for where so many members run. */
  readonly waitingFor: (running: number) => string | null;
}

/** A pool as people want to see it: what the backend knows of its places, and what members have said themselves. */
export const reportOf = (pool: PoolConfig, { crew, places, backlog, lastEnd, waitingFor }: PoolFacts): PoolReport => {
  const foreign = pool.backend === 'external';
  const placing = places.filter(({ state }) => state === 'placing').length;
  const joined = new Set(crew.map(({ instance }) => instance));
  const running = crew.filter(({ state, leaving }) => state === 'running' && leaving === null);
  const unjoined = places.filter((place) => place.state !== 'backing_off' && place.state !== 'placing' && !joined.has(instanceOf(place)));
  const stopping = unjoined.filter(({ state }) => state === 'stopping').length;
  return {
    name: pool.name,
    backend: pool.backend,
    min: foreign ? null : pool.min,
    max: foreign ? null : pool.max,
    wanted: foreign ? null : places.filter(({ state }) => state !== 'stopping').length,
    members: {
      placing,
      starting: unjoined.length - stopping,
      running: running.length,
      draining: crew.length - running.length + stopping,
      restarting: places.filter(({ state }) => state === 'backing_off').length,
    },
    slots: {
      total: sum(running.map(({ slotsTotal }) => slotsTotal)),
      used: sum(running.map(({ slotsTotal, slotsFree }) => slotsTotal - slotsFree)),
    },
    backlog,
    largestMb: running.length > 0 ? Math.max(...running.map(({ residentMb }) => residentMb)) : null,
    waiting: backlog > 0 ? waitingFor(running.length) : null,
    crashLoop: crashLoopOf(places),
    lastEnd: lastEnd && { at: lastEnd.at.toISOString(), reason: lastEnd.reason },
  };
};

/** The worst of the places whose members end at their start. */
const crashLoopOf = (places: readonly Slot[]): PoolReport['crashLoop'] => {
  const loops = places.flatMap((place) => (place.state === 'backing_off' && place.crashes >= CRASH_LOOP ? [place] : []));
  const [worst] = loops.sort((a, b) => b.crashes - a.crashes);
  if (!worst) return null;
  const { crashes, last, until } = worst;
  return { ends: crashes, reason: describeDeath(last), lastLines: [...last.lastLines], nextStartAt: until.toISOString() };
};

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
