import { type Meter } from './meter.js';

/** A wait as it is told: the time on people's clocks belongs to the reason that it was worked out for. */
export interface Wait {
  readonly until: number;
  readonly told: string;
}

/** Shorter closings are part of a limit's daily life. Milliseconds. */
const WORTH_TELLING_MS = 5_000;

/** When, on people's clocks: worked out once for each time, as the two clocks drift. */
const clockOf = (meter: Meter, until: number, waits: Map<Meter, Wait>, now: number): string => {
  const known = waits.get(meter);
  if (known?.until === until) return known.told;
  const told = new Date(Date.now() + until - now).toISOString().replace(/\.\d+Z$/, 'Z');
  waits.set(meter, { until, told });
  return told;
};

const waitOf = (meter: Meter, now: number): { until: number; what: string; message: string } | null => {
  const { circuit, closedUntil } = meter;
  if (circuit.state === 'open' && circuit.members === null)
    return circuit.why === 'outage'
      ? { until: circuit.nextProbeAt, what: 'does not answer', message: circuit.message }
      : { until: circuit.nextProbeAt, what: 'takes no more calls', message: circuit.message };
  return closedUntil - now > WORTH_TELLING_MS ? { until: closedUntil, what: 'wants no calls for now', message: '' } : null;
};

/** Why a model cannot be called, if none of its endpoints can; of several the one that will be tried first. */
export const waitsFor = (model: string, meters: readonly Meter[], waits: Map<Meter, Wait>, now: number): string | null => {
  const all = meters.map((meter) => ({ meter, wait: waitOf(meter, now) }));
  const waiting = all.flatMap(({ meter, wait }) => (wait ? [{ meter, ...wait }] : []));
  const [first] = waiting.sort((a, b) => a.until - b.until);
  if (!first || waiting.length < all.length) return null;
  const why = first.message ? ` (${first.message})` : '';
  return `the provider of model ${model} ${first.what}${why}; next try at ${clockOf(first.meter, first.until, waits, now)}`;
};
