import { Outages } from './outages.js';

const silent = (outages: Outages, from: number, calls = 4): void => {
  for (let call = 0; call < calls; call++) outages.silent(from + call, true);
};

describe('Outages', () => {
  it('should suspect an endpoint of which call after call gets no answer, and not one with a fault now and then', () => {
    const outages = new Outages();
    for (let now = 0; now < 50; now += 10) {
      silent(outages, now, 3);
      outages.answered(now + 5);
    }
    expect(outages.suspects).toBe(false);
    silent(outages, 100);
    expect(outages.suspects).toBe(true);
  });

  it('should excuse what failed from the first silent call on until it is well again, and nothing else', () => {
    const outages = new Outages();
    outages.silent(5, true);
    outages.answered(10);
    silent(outages, 20);
    outages.say(30, 'suspected', true);
    expect(outages.excuses(20)).toBe(false);
    outages.say(40, 'down', false);
    outages.say(90, 'well', false);
    expect([5, 20, 35, 89, 91].map((at) => outages.excuses(at))).toEqual([false, true, true, true, false]);
  });

  it('should excuse what failed while answers of earlier calls still came in', () => {
    const outages = new Outages();
    for (const at of [20, 22, 24]) {
      outages.silent(at, true);
      outages.answered(at - 5);
    }
    outages.silent(26, true);
    expect(outages.suspects).toBe(true);
    outages.say(30, 'down', true);
    expect([20, 26].map((at) => outages.excuses(at))).toEqual([true, true]);
  });

  it.each<[string, (outages: Outages) => void, 'row' | 'outage' | null]>([
    ['nobody knows yet', () => undefined, null],
    ['a call that began after it was answered', (outages) => outages.answered(11), 'row'],
    ['a call that had begun before it was answered', (outages) => outages.answered(9), null],
    ['a probe is under way', (outages) => void outages.say(11, 'suspected', true), null],
    ['a probe was answered', (outages) => void (outages.say(11, 'suspected', true), outages.say(12, 'well', false)), 'row'],
    ['the executor suspects nothing', (outages) => void outages.say(11, 'well', true), 'row'],
    ['the endpoint is down', (outages) => void outages.say(11, 'down', false), 'outage'],
    ['the account is empty', (outages) => void outages.say(11, 'exhausted', false), 'outage'],
    ['another executor took over, which knows nothing', (outages) => void (outages.forget(11), outages.say(11, 'well', false)), null],
  ])('should judge a failure when %s', (_, happened, verdict) => {
    const outages = new Outages();
    outages.silent(10, true);
    happened(outages);
    expect(outages.verdict(10)).toBe(verdict);
  });

  it('should ask a new executor about an outage that the one before had found out', () => {
    const outages = new Outages();
    silent(outages, 0);
    outages.say(10, 'down', true);
    outages.forget(20);
    outages.say(20, 'well', false);
    expect(outages.suspects).toBe(true);
    outages.say(30, 'down', true);
    expect(outages.excuses(25)).toBe(true);
  });
});
