import { type PauseReason, type RunPause } from '@apwa/contracts';
import { type StoredState } from './next.js';
import { type PauseDecision, type PauseFacts, afterControl, decidePause, decideResume, decideStep, pausedWithin } from './pause.js';

const facts = (rest: Partial<PauseFacts> = {}): PauseFacts => ({
  state: 'running',
  cancelRequested: false,
  failing: false,
  paused: null,
  ...rest,
});
const paused = (reason: PauseReason): RunPause => ({ reason, message: 'x', since: new Date(0).toISOString() });

const working: StoredState[] = ['importing', 'planning', 'awaiting_approval', 'running', 'exporting'];
const ended: StoredState[] = ['succeeded', 'partially_succeeded', 'failed', 'cancelled'];
const ending: [string, Partial<PauseFacts>][] = [
  ...ended.map((state): [string, Partial<PauseFacts>] => [state, { state }]),
  ['cancelling', { state: 'cancelling', cancelRequested: true }],
  ['cancelling', { cancelRequested: true }],
  ['failing', { failing: true }],
];

describe('pausing', () => {
  it.each(working)('should be possible of a run that is %s', (state) => {
    expect(decidePause(facts({ state }), 'user')).toEqual({ decision: 'change' });
  });

  it.each(ending)('should be refused of a run that is %s', (is, rest) => {
    expect(decidePause(facts(rest), 'user')).toEqual({ decision: 'refused', is, allowed: 'a run that has not ended' });
  });

  it.each<[PauseReason, PauseReason, PauseDecision['decision']]>([
    ['user', 'user', 'nothing'],
    ['user', 'budget', 'nothing'],
    ['user', 'provider', 'nothing'],
    ['budget', 'budget', 'nothing'],
    ['budget', 'provider', 'nothing'],
    ['budget', 'user', 'explain'],
    ['provider', 'user', 'explain'],
  ])('should, of a run that is paused(%s), by %s: %s', (held, asked, decision) => {
    expect(decidePause(facts({ paused: paused(held) }), asked)).toEqual({ decision });
  });
});

describe('resuming', () => {
  it.each<PauseReason>(['user', 'budget', 'provider'])('should be possible of a run that is paused(%s)', (reason) => {
    expect(decideResume(facts({ paused: paused(reason) }))).toEqual({ decision: 'change' });
  });

  it.each(working)('should be refused of a run that is %s', (state) => {
    expect(decideResume(facts({ state }))).toEqual({ decision: 'refused', is: state, allowed: 'a run that is paused' });
  });

  it.each(ending)('should be refused of a run that is %s', (is, rest) => {
    expect(decideResume(facts(rest))).toMatchObject({ decision: 'refused', is });
  });
});

describe('a step', () => {
  const free = { run: facts(), ended: null, paused: false, cancelled: false };
  const refused = (is: string, allowed: string) => ({ decision: 'refused', is, allowed });
  const open = 'a step that has not ended';

  it.each([
    ['pause', free, { decision: 'change' }],
    ['pause', { ...free, paused: true }, { decision: 'nothing' }],
    ['resume', { ...free, paused: true }, { decision: 'change' }],
    ['resume', free, refused('not paused', 'a step that is paused')],
    ['cancel', free, { decision: 'change' }],
    ['cancel', { ...free, paused: true }, { decision: 'change' }],
    ['cancel', { ...free, cancelled: true }, { decision: 'nothing' }],
    ['pause', { ...free, cancelled: true }, refused('cancelled', open)],
    ['resume', { ...free, paused: true, ended: 'ready' as const }, refused('ready', open)],
    ['cancel', { ...free, ended: 'failed' as const }, refused('failed', open)],
    ['pause', { ...free, run: facts({ state: 'cancelled' }) }, refused('of a run that is cancelled', 'a step of a run that has not ended')],
  ] as const)('should, when somebody wants to %s it as %j, be decided as %j', (wanted, of, decision) => {
    expect(decideStep(of, wanted)).toEqual(decision);
  });
});

describe('the answer to a control', () => {
  it.each([
    [{ state: 'paused', version: 3 }, { state: 'paused', version: 3 }, 'known'],
    [{ state: 'paused', version: 3 }, { state: 'paused', version: 7 }, 'known'],
    [{ state: 'paused', version: 3 }, { state: 'active', version: 7 }, 'overtaken'],
    [{ state: 'active', version: 3 }, { state: 'paused', version: 7 }, 'overtaken'],
    // Nothing lets it go on that was cancelled.
    [{ state: 'active', version: 3 }, { state: 'cancelled', version: 7 }, 'known'],
    [{ state: 'cancelled', version: 3 }, { state: 'paused', version: 7 }, 'overtaken'],
  ] as const)('%j, held %j: %s', (told, held, meaning) => expect(afterControl(told, held)).toBe(meaning));
});

describe('the time of pauses', () => {
  const pauses = [
    { from: 10, to: 20 },
    { from: 50, to: 80 },
  ];
  it.each([
    [0, 100, 40],
    [15, 60, 15],
    [20, 50, 0],
    [55, 60, 5],
    [90, 100, 0],
  ])('between %i and %i is %i', (from, to, ms) => expect(pausedWithin(pauses, from, to)).toBe(ms));
});
