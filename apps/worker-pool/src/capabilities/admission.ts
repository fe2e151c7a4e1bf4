import { type CallGate } from '../permits/call-gate.js';
import { type CallOutcome, type Pass } from '../permits/endpoint-gate.js';
import { type CallControl } from '../rows/control.js';
import { decideRefusal } from '../rows/decide.js';

/** How a try ended behind which another one is wanted. */
export type EndedTry =
  /** With 429: it was not carried out. */
  { kind: 'refused'; message: string; retryAfterMs: number | undefined } | { kind: 'failed'; afterMs: number };

/** For whom a capability is called. */
export interface AdmissionSeeker {
  readonly ownerId: string;
  readonly control: CallControl;
}

/** The right to call a capability, as far as what is called has limits: for one try at a time. */
export class Admission {
  readonly #begunAt: number;
  #refusals = 0;

  private constructor(
    /** Null: nothing is limited. */
    private readonly gate: CallGate | null,
    private readonly seeker: AdmissionSeeker,
    private pass: Pass | null,
    private readonly now: () => number,
  ) {
    this.#begunAt = now();
  }

  /** Waits until a call may be made; null if the row is to be abandoned. */
  static async to(gate: CallGate | null, seeker: AdmissionSeeker, now = () => performance.now()): Promise<Admission | null> {
    if (!gate) return new Admission(null, seeker, null, now);
    const pass = await enter(gate, seeker);
    return pass && new Admission(gate, seeker, pass, now);
  }

  /** Waits until another try may be made. `given_up`: the other side has refused it for so long that it fails. */
  async again(tried: EndedTry): Promise<'granted' | 'given_up' | 'abandoned'> {
    const { gate, seeker } = this;
    switch (tried.kind) {
      case 'failed':
        this.#end(ANSWERED);
        await seeker.control.sleep(tried.afterMs);
        break;
      case 'refused': {
        const { message, retryAfterMs } = tried;
        const history = { refusals: ++this.#refusals, elapsedMs: this.now() - this.#begunAt };
        const decision = decideRefusal(
          { kind: 'rate_limited', message, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) },
          history,
          Math.random(),
        );
        const waits = decision.kind === 'retry';
        // The gate lets nobody pass meanwhile: it is not this call alone that is too much.
        this.#end({ kind: 'refused', waitMs: waits ? decision.afterMs : (retryAfterMs ?? 0), retryAfterMs: retryAfterMs ?? null, message });
        if (!waits) return 'given_up';
        if (!gate) await seeker.control.sleep(decision.afterMs);
      }
    }
    if (gate) this.pass = await enter(gate, seeker);
    return (gate ? this.pass !== null : seeker.control.mayBegin()) ? 'granted' : 'abandoned';
  }

  /** The call has come to its end. */
  leave(): void {
    this.#end(this.seeker.control.signal.aborted ? { kind: 'other' } : ANSWERED);
  }

  #end(outcome: CallOutcome): void {
    if (this.pass) this.gate?.leave(this.pass, outcome, null);
    this.pass = null;
  }
}

/** Whether the other side is well is none of the gate's business here: a call that fails fails its row. */
const ANSWERED: CallOutcome = { kind: 'answered', tokens: null };

const enter = async (gate: CallGate, { ownerId, control }: AdmissionSeeker): Promise<Pass | null> => {
  const need = { ownerId, tokens: 0, failures: 0 };
  while (control.mayBegin()) {
    if (!control.mayCall()) {
      await control.changed();
      continue;
    }
    const pass = gate.tryEnter(need) ?? (await gate.enter(need));
    if (!pass) continue;
    if (control.mayBegin() && control.mayCall()) return pass;
    gate.giveBack(pass);
  }
  return null;
};
