/**
 * Whether an endpoint takes calls. `members`: those that suspect it, and hold their calls back; `null`: all do.
 * Of an `open` one, one call at a time asks whether it is well again: a small one of the machinery's own, so that no row is at stake.
 */
export type Circuit =
  | { readonly state: 'closed' }
  | {
      readonly state: 'open';
      readonly why: 'outage' | 'quota';
      readonly members: ReadonlySet<string> | null;
      /** The provider's words, or what came of the last call. */
      readonly message: string;
      /** Probes that failed. 0: it is a suspicion yet. */
      readonly failures: number;
      readonly nextProbeAt: number;
      readonly probe: { readonly member: string; readonly until: number } | null;
      /** Somebody who does not suspect it was answered since the last probe. */
      readonly elsewhere: boolean;
    };

export type CircuitEvent =
  /** Calls of this member end without an answer, one after the other. */
  | { kind: 'suspected'; member: string; message: string }
  | { kind: 'exhausted'; member: string; message: string }
  | { kind: 'probing'; member: string }
  | { kind: 'probe_failed'; member: string; message: string }
  | { kind: 'probe_answered'; member: string }
  | { kind: 'answered'; member: string }
  /** Somebody says that things have changed: it is asked again at once. */
  | { kind: 'retry' };

export const CLOSED: Circuit = { state: 'closed' };

/** Waits before another probe, doubled with each that failed. Milliseconds. */
const WAITS = { outage: { first: 1_000, most: 30_000 }, quota: { first: 60_000, most: 900_000 } } as const;
/** A probe whose member says nothing for so long is given to another one. */
export const PROBE_MS = 25_000;

const waitAfter = (why: 'outage' | 'quota', failures: number): number =>
  Math.min(WAITS[why].most, WAITS[why].first * 2 ** Math.min(20, Math.max(0, failures - 1)));

export const circuitAfter = (circuit: Circuit, event: CircuitEvent, now: number): Circuit => {
  switch (event.kind) {
    case 'suspected':
      return suspected(circuit, event, now);
    case 'exhausted':
      return exhausted(circuit, event, now);
    case 'probing':
      if (circuit.state === 'closed') return circuit;
      return { ...circuit, probe: { member: event.member, until: now + PROBE_MS } };
    case 'probe_failed':
      return probeFailed(circuit, event, now);
    case 'probe_answered':
      return circuit.state === 'open' && circuit.probe?.member !== event.member ? circuit : CLOSED;
    case 'answered':
      if (circuit.state === 'closed') return circuit;
      // One of those that suspected it: then it was none. Of an outage that was found out, the probe decides.
      if (circuit.failures === 0 && (circuit.members === null || circuit.members.has(event.member))) return CLOSED;
      return circuit.members?.has(event.member) === false ? { ...circuit, elsewhere: true } : circuit;
    case 'retry':
      return circuit.state === 'closed' ? circuit : { ...circuit, nextProbeAt: now };
  }
};

const opened = (now: number, message: string) =>
  ({ state: 'open', message, failures: 0, nextProbeAt: now, probe: null, elsewhere: false }) as const;

const suspected = (circuit: Circuit, { member, message }: { member: string; message: string }, now: number): Circuit => {
  if (circuit.state === 'closed') return { ...opened(now, message), why: 'outage', members: new Set([member]) };
  return circuit.members === null ? circuit : { ...circuit, members: new Set([...circuit.members, member]) };
};

/** Everybody is concerned, unless others were answered meanwhile: then it is the way of those members to it that is broken. */
const probeFailed = (circuit: Circuit, { member, message }: { member: string; message: string }, now: number): Circuit => {
  if (circuit.state === 'closed' || circuit.probe?.member !== member) return circuit;
  const failures = circuit.failures + 1;
  const members = circuit.elsewhere ? circuit.members : null;
  return { ...circuit, message, members, failures, nextProbeAt: now + waitAfter(circuit.why, failures), probe: null, elsewhere: false };
};

/** Calls that were under way when it was found out say the same again; only the probe's word makes the wait longer. */
const exhausted = (circuit: Circuit, { member, message }: { member: string; message: string }, now: number): Circuit => {
  const before = circuit.state === 'open' && circuit.why === 'quota' ? circuit : null;
  if (before && before.probe?.member !== member && before.nextProbeAt > now) return circuit;
  const failures = (before?.failures ?? 0) + 1;
  return { ...opened(now, message), why: 'quota', members: null, failures, nextProbeAt: now + waitAfter('quota', failures) };
};

/** What the circuit is to one member. */
export const healthFor = (circuit: Circuit, member: string): 'well' | 'suspected' | 'down' | 'exhausted' => {
  if (circuit.state === 'closed' || (circuit.members && !circuit.members.has(member))) return 'well';
  if (circuit.why === 'quota') return 'exhausted';
  return circuit.failures === 0 ? 'suspected' : 'down';
};

/** Whether this member is to make a probe now. */
export const probeDue = (circuit: Circuit, member: string, now: number): boolean =>
  healthFor(circuit, member) !== 'well' &&
  circuit.state === 'open' &&
  circuit.nextProbeAt <= now &&
  (circuit.probe === null || circuit.probe.until <= now);
