import { ApwaError, type CallKey, type Capability, type JsonObject, PermanentError, RefusedError } from '@apwa/contracts';
import { createHash } from 'node:crypto';
import { type CallControl } from '../rows/control.js';
import { type Intents } from '../rows/intents.js';
import { Admission } from './admission.js';
import { type CallingAgent, NotCarriedOut, type OpenCapability } from './capability-call.js';

/** Of which row a call is, and where in the row's work it stands. */
export interface CallPlace {
  readonly ownerId: string;
  /** Null: it is no agent that calls. */
  readonly agent: CallingAgent | null;
  readonly stageId: string;
  readonly row: number;
  /** Tells calls of the same row from each other. */
  readonly place: string;
  readonly control: CallControl;
  readonly intents: Intents;
}

/** What a capability gave. `intent`: the call had been written down, and has come to its end. */
export interface Called {
  readonly output: JsonObject;
  readonly intent: CallKey | null;
}

/** A call that had been written down has come to its end, by an error of the capability. */
export class EndedCall extends PermanentError {
  constructor(
    error: PermanentError,
    readonly intent: CallKey,
  ) {
    super(error.code, error.message, { cause: error });
  }
}

/** What is said of a row that may have made a call which must never be made twice. */
export const UNCERTAIN = 'a call that must not be made twice may have been made, and nobody knows what came of it';

export const isUnsafe = ({ effects }: Pick<Capability, 'effects'>): boolean => effects === 'unsafe';

/**
 * Calls a capability, an `unsafe` one only when the call has been written down. Null: the row is abandoned. Errors as those of the
 * capability; PermanentError `unknown` if a call may have been made that must not be made again.
 */
export const callWithEffects = async (opened: OpenCapability, given: JsonObject, where: CallPlace): Promise<Called | null> => {
  // What is written down is made at once: a row that waits for its turn is not uncertain yet.
  const admission = await Admission.to(opened.gate, where);
  if (!admission) return null;
  try {
    return isUnsafe(opened.capability)
      ? await callUnsafe(opened, given, admission, where)
      : await callSafe(opened, given, admission, where);
  } finally {
    admission.leave();
  }
};

const callSafe = async (opened: OpenCapability, given: JsonObject, admission: Admission, where: CallPlace): Promise<Called | null> => {
  const { control, agent } = where;
  const output = await opened.call({ given, control, admission, agent, key: () => keyOf(opened.capability, given, where) });
  return output && { output, intent: null };
};

const callUnsafe = async (opened: OpenCapability, given: JsonObject, admission: Admission, where: CallPlace): Promise<Called | null> => {
  const { capability } = opened;
  const { row, control, agent, intents } = where;
  const key = keyOf(capability, given, where);
  const written = new WrittenTries(key, row, intents);
  if (!(await written.begin())) return null;
  const again: Admission['again'] = async (tried) => {
    written.takeBack();
    const granted = await admission.again(tried);
    return granted !== 'granted' || (await written.begin()) ? granted : 'abandoned';
  };
  try {
    const output = await opened.call({ given, control, admission: { again }, agent, key: () => key });
    const wrong = output && opened.wrong(output);
    if (wrong) throw new PermanentError(wrong.code, wrong.message);
    return output && { output, intent: written.intent };
  } catch (thrown) {
    const error = ApwaError.from(thrown);
    // What the capability itself says is known. An answer that can't be read says the opposite.
    const known = error instanceof RefusedError || (error instanceof PermanentError && error.code !== 'capability_bad_output');
    if (error instanceof NotCarriedOut) written.takeBack();
    if (known) throw error instanceof PermanentError ? new EndedCall(error, written.intent) : error;
    throw new PermanentError('unknown', `${UNCERTAIN} (${capability.id}: ${error.message})`, { cause: thrown });
  }
};

/**
 * What is written down of an unsafe call: each try of it anew, so that a row which waits for another one is in no doubt. Each has a key of its own: a
 * late word that a try was refused takes back that one, and none that has begun since.
 */
class WrittenTries {
  intent: CallKey;
  #tries = 0;
  #open = false;

  constructor(
    private readonly key: CallKey,
    private readonly row: number,
    private readonly intents: Intents,
  ) {
    this.intent = key;
  }

  /** Whether a try may be made. */
  async begin(): Promise<boolean> {
    const nth = this.#tries++;
    if (nth > 0) this.intent = createHash('sha256').update(`${this.key} ${nth}`).digest('hex');
    this.#open = true;
    return this.intents.record(this.row, this.intent);
  }

  /** It was not carried out. */
  takeBack(): void {
    if (this.#open) this.intents.refused(this.row, this.intent);
    this.#open = false;
  }
}

/** Hex SHA-256: the same for the same call of the row, whoever makes it. */
const keyOf = ({ id }: Capability, given: JsonObject, { stageId, row, place }: CallPlace): CallKey =>
  createHash('sha256')
    .update(JSON.stringify([stageId, row, place, id, given]))
    .digest('hex');
