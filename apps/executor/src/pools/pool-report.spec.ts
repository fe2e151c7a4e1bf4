import { PoolConfig } from '@apwa/config';
import { PoolReport } from '@apwa/contracts';
import { crewMember } from '../../test/support/pools/crew-member.js';
import { type MemberDeath, type Slot } from './pool-backend.js';
import { type PoolFacts, reportOf } from './pool-report.js';

const pool = PoolConfig.parse({ name: 'p', min: 1, max: 4, slots: 10 });
const facts: PoolFacts = {
  crew: [],
  places: [],
  backlog: 0,
  lastEnd: null,
  waitingFor: (running) => (running > 0 ? 'a node' : 'somebody'),
};
const death: MemberDeath = { instance: 'p-0', end: { kind: 'exited', code: 3 }, asked: false, why: null, lastLines: ['Error: no model'] };
const at = (state: 'placing' | 'starting' | 'running' | 'stopping', instance: string): Slot =>
  state === 'placing' ? { state, instance, since: 0 } : { state, instance };
const backingOff = (crashes: number): Slot => ({ state: 'backing_off', crashes, until: new Date(0), last: death });

describe('reportOf', () => {
  it.each<[string, Partial<PoolFacts>, Partial<PoolReport>]>([
    [
      'nobody',
      {},
      {
        wanted: 0,
        members: { placing: 0, starting: 0, running: 0, draining: 0, restarting: 0 },
        slots: { total: 0, used: 0 },
        largestMb: null,
      },
    ],
    [
      'members in each state, whatever the backend thinks of those that have joined',
      {
        places: [
          at('placing', 'far'),
          at('starting', 'new'),
          at('starting', 'a'),
          at('running', 'b'),
          at('running', 'c'),
          at('stopping', 'd'),
          backingOff(1),
        ],
        crew: [
          crewMember({ instance: 'a', slotsFree: 3, residentMb: 150 }),
          crewMember({ instance: 'b', slotsFree: 0 }),
          crewMember({ instance: 'c', leaving: 'too large', residentMb: 900 }),
          crewMember({ instance: 'd', state: 'draining' }),
        ],
      },
      {
        wanted: 6,
        members: { placing: 1, starting: 1, running: 2, draining: 2, restarting: 1 },
        slots: { total: 20, used: 17 },
        largestMb: 150,
      },
    ],
    [
      'one that is stopped before it has joined',
      { places: [at('stopping', 'x')] },
      { wanted: 0, members: { placing: 0, starting: 0, running: 0, draining: 1, restarting: 0 } },
    ],
    ['what work waits for that nobody does', { backlog: 3 }, { waiting: 'somebody' }],
    ['what some members wait for while others work', { backlog: 3, crew: [crewMember({})] }, { waiting: 'a node' }],
    ['that nothing is waited for where there is nothing to do', { crew: [crewMember({})] }, { waiting: null }],
    ['that nothing is waited for', {}, { waiting: null }],
    ['no loop after an end or two', { places: [backingOff(2)] }, { crashLoop: null }],
    [
      'the worst of the loops',
      { places: [backingOff(3), backingOff(7), backingOff(4)] },
      {
        crashLoop: {
          ends: 7,
          reason: 'exit code 3: Error: no model',
          lastLines: ['Error: no model'],
          nextStartAt: '1970-01-01T00:00:00.000Z',
        },
      },
    ],
    [
      'how the last one ended',
      { lastEnd: { at: new Date(0), reason: 'signal SIGKILL' } },
      { lastEnd: { at: '1970-01-01T00:00:00.000Z', reason: 'signal SIGKILL' } },
    ],
  ])('should show %s', (_what, rest, shown) => {
    const report = reportOf(pool, { ...facts, ...rest });
    expect(report).toMatchObject({ name: 'p', backend: 'processes', min: 1, max: 4, ...shown });
    expect(PoolReport.parse(report)).toEqual(report);
  });

  it('should say nothing of how many there shall be where somebody else decides', () => {
    const crew = [crewMember({ slotsFree: 4 })];
    expect(reportOf({ ...pool, backend: 'external' }, { ...facts, crew, backlog: 30 })).toMatchObject({
      min: null,
      max: null,
      wanted: null,
      members: { running: 1 },
      slots: { total: 10, used: 6 },
      backlog: 30,
    });
  });
});
