import { type Circuit, circuitAfter, type CircuitEvent, CLOSED, healthFor, PROBE_MS, probeDue } from './circuit.js';

const after = (events: [number, CircuitEvent][], from: Circuit = CLOSED): Circuit =>
  events.reduce<Circuit>((circuit, [at, event]) => circuitAfter(circuit, event, at), from);
const suspected = (member = 'a'): CircuitEvent => ({ kind: 'suspected', member, message: 'no answer' });
const probing = (member = 'a'): CircuitEvent => ({ kind: 'probing', member });
const failed = (member = 'a'): CircuitEvent => ({ kind: 'probe_failed', member, message: 'still none' });
const answered = (member = 'a'): CircuitEvent => ({ kind: 'probe_answered', member });
const exhausted = (member = 'a'): CircuitEvent => ({ kind: 'exhausted', member, message: 'no credit' });
const seen = (member: string): CircuitEvent => ({ kind: 'answered', member });

const down: [number, CircuitEvent][] = [
  [0, suspected()],
  [0, probing()],
  [50, failed()],
];

describe('circuitAfter', () => {
  it.each<[string, [number, CircuitEvent][], { a: string; b: string }]>([
    ['nothing', [], { a: 'well', b: 'well' }],
    ['a suspicion: of who has it alone', [[0, suspected()]], { a: 'suspected', b: 'well' }],
    ['a probe that fails: down for all', down, { a: 'down', b: 'down' }],
    [
      'a probe that is answered',
      [
        [0, suspected()],
        [0, probing()],
        [50, answered()],
      ],
      { a: 'well', b: 'well' },
    ],
    [
      'a call that is answered before the probe',
      [
        [0, suspected()],
        [0, probing()],
        [20, seen('a')],
      ],
      { a: 'well', b: 'well' },
    ],
    [
      'a probe that fails while others are answered: cut off, and down for it alone',
      [
        [0, suspected()],
        [0, probing()],
        [20, seen('b')],
        [50, failed()],
      ],
      { a: 'down', b: 'well' },
    ],
    [
      'another one that suspects it then',
      [
        [0, suspected()],
        [0, probing()],
        [20, seen('b')],
        [50, failed()],
        [60, suspected('b')],
      ],
      { a: 'down', b: 'down' },
    ],
    ['a late answer to a call of before the outage', [...down, [60, seen('b')]], { a: 'down', b: 'down' }],
    ['the second probe answered', [...down, [1_060, probing('b')], [1_100, answered('b')]], { a: 'well', b: 'well' }],
    ["somebody else's word while one is probing", [...down, [1_060, probing('b')], [1_100, answered('a')]], { a: 'down', b: 'down' }],
    ['a used-up quota', [[0, exhausted()]], { a: 'exhausted', b: 'exhausted' }],
  ])('should make of %s', (_, events, { a, b }) => {
    const circuit = after(events);
    expect([healthFor(circuit, 'a'), healthFor(circuit, 'b')]).toEqual([a, b]);
  });

  it('should have one probe at a time, ever more rarely, and have another one make it that is lost', () => {
    let circuit = after(down);
    expect(probeDue(circuit, 'a', 1_000)).toBe(false);
    expect(probeDue(circuit, 'b', 1_050)).toBe(true);
    circuit = circuitAfter(circuit, probing('b'), 1_050);
    expect(probeDue(circuit, 'a', 1_060)).toBe(false);
    expect(probeDue(circuit, 'a', 1_050 + PROBE_MS)).toBe(true);
    let waits = 0;
    for (let now = 1_100, last = 0; waits < 20; waits++) {
      circuit = after(
        [
          [now, probing('b')],
          [now, failed('b')],
        ],
        circuit,
      );
      const wait = circuit.state === 'open' ? circuit.nextProbeAt - now : 0;
      expect(wait).toBeGreaterThanOrEqual(last);
      expect(wait).toBeLessThanOrEqual(30_000);
      last = wait;
      now += wait;
    }
  });

  it('should not ask an empty account again for each call that finds it out', () => {
    const once = after([[0, exhausted()]]);
    expect(
      after(
        [
          [10, exhausted('b')],
          [20, exhausted('c')],
        ],
        once,
      ),
    ).toBe(once);
    const again = after(
      [
        [60_000, probing('b')],
        [60_010, exhausted('b')],
      ],
      once,
    );
    expect(again).toMatchObject({ why: 'quota', failures: 2, nextProbeAt: 60_010 + 120_000 });
  });

  it('should ask at once when somebody says that things have changed', () => {
    const circuit = circuitAfter(after([[0, exhausted()]]), { kind: 'retry' }, 5);
    expect(probeDue(circuit, 'b', 5)).toBe(true);
  });
});
