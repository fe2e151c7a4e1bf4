import { capabilityGate } from '../permits/call-gate.js';
import { AttemptControl } from '../rows/control.js';
import { RATE_LIMIT_PATIENCE_MS } from '../rows/decide.js';
import { Admission } from './admission.js';

const setUp = (limits: { inFlight?: number; requestsPerMinute?: number } | null = null) => {
  const clock = { now: 0 };
  const gate = capabilityGate({ account: 'a'.repeat(64), limits }, { now: () => clock.now });
  const state = { mayBegin: true };
  const control = new AttemptControl({
    begin: () => true,
    join: () => true,
    land: () => undefined,
    mayCall: () => true,
    mayBegin: () => state.mayBegin,
  });
  const enter = () => Admission.to(gate, { ownerId: 'run_a', control }, () => clock.now);
  const endpoint = gate.endpoints[0];
  if (!endpoint) throw new Error('no endpoint');
  /** The executor lets so many calls be under way. */
  const grant = (inFlight: number) => {
    endpoint.question(clock.now, gate.waitingFor(0), true);
    const grants = [{ ownerId: 'run_a', calls: 0, tokens: 0, inFlight }];
    const counted = { calls: false, tokens: false, inFlight: true };
    const answer = { counted, grants, full: false, closedMs: 0, health: 'well', probe: false, known: true } as const;
    endpoint.answer(clock.now, clock.now, answer, { termMs: 2_000, againMs: 100, fresh: false });
    gate.answered();
  };
  return { clock, gate, endpoint, state, control, enter, grant };
};
const refused = { kind: 'refused', message: 'slow down', retryAfterMs: 5_000 } as const;

describe('the admission of a call', () => {
  it('should hold calls to what was granted, and let the next one in when one ends', async () => {
    const { enter, grant, endpoint } = setUp({ inFlight: 1 });
    const [first, second] = [enter(), enter()];
    grant(1);
    const one = await first;
    expect(endpoint.inFlight).toBe(1);
    one?.leave();
    expect((await second) !== null).toBe(true);
    expect(endpoint.inFlight).toBe(1);
  });

  it('should keep everybody out for as long as the other side asks, once somebody was refused', async () => {
    const { enter, clock, gate, endpoint } = setUp();
    const first = await enter();
    const made: string[] = [];
    const again = first?.again(refused).then((what) => (made.push(what), first.leave()));
    const other = enter().then((one) => (made.push('other'), one?.leave()));
    clock.now = 4_999;
    gate.dispatch();
    expect([made, endpoint.shut(clock.now)]).toEqual([[], true]);
    clock.now = 6_500;
    gate.dispatch();
    await Promise.all([again, other]);
    expect(made.sort()).toEqual(['granted', 'other']);
  });

  it('should give up a call that was refused for half an hour', async () => {
    const { enter, clock } = setUp();
    const one = await enter();
    clock.now = RATE_LIMIT_PATIENCE_MS;
    expect(await one?.again(refused)).toBe('given_up');
  });

  it('should be given back by who may not begin any more, before the call and between two tries', async () => {
    const { enter, state, gate, endpoint } = setUp({ inFlight: 1 });
    const waiting = enter();
    state.mayBegin = false;
    gate.wakeAll();
    expect(await waiting).toBeNull();
    state.mayBegin = true;
    const { enter: freely, state: other, endpoint: free } = setUp();
    const one = await freely();
    other.mayBegin = false;
    expect(await one?.again({ kind: 'failed', afterMs: 1 })).toBe('abandoned');
    expect([endpoint.inFlight, free.inFlight]).toEqual([0, 0]);
  });

  it('should tell the executor of refusals and of what was answered, and of nothing else', async () => {
    const { enter, endpoint, clock } = setUp();
    (await enter())?.leave();
    void (await enter())?.again(refused);
    expect(endpoint.question(clock.now, [], true).news).toMatchObject({
      answered: 1,
      refused: 1,
      retryAfterMs: 5_000,
      suspects: false,
      exhausted: null,
    });
  });
});
