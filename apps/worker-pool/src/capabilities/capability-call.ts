import { type CallKey, type Capability, type JsonObject, PermanentError, type RowErrorCode, type RowValues } from '@apwa/contracts';
import { type CompiledSchema } from '@apwa/json-schema';
import { type CallGate } from '../permits/call-gate.js';
import { type CallControl } from '../rows/control.js';
import { type Allowance } from '../rows/allowance.js';
import { type RowFigures } from '../rows/tally.js';
import { type RowsCaller } from '../stages/map-stage.js';
import { type Admission } from './admission.js';

/** The agent that makes a call, for capabilities that ask models themselves. */
export interface CallingAgent {
  readonly row: number;
  readonly replica: number;
  /** The fields of its record. */
  readonly values: RowValues;
  readonly caller: RowsCaller;
  readonly allowance: Allowance;
  /** Milliseconds that are left of its row's time. */
  readonly leftMs: () => number;
  /** Adds what a call took to what its row did. */
  readonly took: (figures: RowFigures, turns: number) => void;
}

/** A call of a capability for a row. */
export interface CapabilityCall {
  readonly given: JsonObject;
  readonly control: CallControl;
  /** It has been given: the first try may begin. Of an `unsafe` call another one is asked for behind a try alone that was not carried out. */
  readonly admission: Pick<Admission, 'again'>;
  /** Null: it is no agent's. */
  readonly agent: CallingAgent | null;
  /** The same for the same call of the row, whoever makes it: an idempotency key. */
  readonly key: () => CallKey;
}

/** An error of a call which proves that it was not carried out: an `unsafe` one may be made again. */
export class NotCarriedOut extends PermanentError {}

/** A capability that this member can call for a stage. */
export interface OpenCapability {
  readonly capability: Capability;
  /** Checks arguments against its schema. */
  readonly input: CompiledSchema;
  /** What its calls have to pass; null where they may begin at any time. */
  readonly gate: CallGate | null;
  /** Finds out what can be known before it is called. RefusedError if it can't be called for any row. */
  prepare(): Promise<void>;
  /**
   * What it gives; null if the row was abandoned. PermanentError with a row's code (`unknown`: it may have been carried out), RefusedError if it can't be called for any row; what
   * else it throws is a fault of its own. Tries after a fault that may pass are its business.
   */
  call(call: CapabilityCall): JsonObject | null | Promise<JsonObject | null>;
  /** What is wrong with what it gave; null if nothing is. */
  wrong(output: JsonObject): { code: RowErrorCode; message: string } | null;
  /** Something changed for rows that wait: they look again. */
  wake(): void;
}
