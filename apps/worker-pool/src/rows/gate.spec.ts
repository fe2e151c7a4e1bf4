import { Gate } from './gate.js';

describe('Gate', () => {
  const setUp = () => {
    let time = 0;
    const gate = new Gate(() => time);
    return { gate, pass: (ms: number) => (time += ms) };
  };
  const enter = (gate: Gate, calls: number) => Array.from({ length: calls }, () => gate.tryEnter()).filter(Boolean).length;

  it('should limit nothing before the first refusal', () => {
    const { gate } = setUp();
    expect(enter(gate, 5_000)).toBe(5_000);
  });

  it('should stay closed until Retry-After has passed, then let half as many in', () => {
    const { gate, pass } = setUp();
    enter(gate, 100);
    for (let call = 0; call < 100; call++) gate.leave({ kind: 'refused', waitMs: 3_000 });
    expect(gate.inFlight).toBe(0);
    pass(2_999);
    expect(gate.tryEnter()).toBe(false);
    pass(1);
    expect(enter(gate, 100)).toBe(50);
  });

  it('should open wider with answers', () => {
    const { gate, pass } = setUp();
    enter(gate, 16);
    gate.leave({ kind: 'refused', waitMs: 10 });
    const before = gate.window;
    pass(10);
    for (let call = 0; call < 15; call++) gate.leave({ kind: 'answered' });
    expect(gate.window).toBeGreaterThan(before);
  });

  it('should ask an endpoint that is gone by one call at a time', () => {
    const { gate, pass } = setUp();
    enter(gate, 20);
    for (let call = 0; call < 20; call++) gate.leave({ kind: 'unreachable' });
    expect(gate.tryEnter()).toBe(false);
    pass(1_000);
    expect(enter(gate, 20)).toBe(1);
    gate.leave({ kind: 'answered' });
    expect(enter(gate, 20)).toBe(2);
  });

  it('should wake those who wait when it opens', async () => {
    const gate = new Gate();
    gate.tryEnter();
    gate.leave({ kind: 'refused', waitMs: 60 });
    const begun = performance.now();
    while (!gate.tryEnter()) await gate.opened();
    expect(performance.now() - begun).toBeGreaterThanOrEqual(55);
  });
});
