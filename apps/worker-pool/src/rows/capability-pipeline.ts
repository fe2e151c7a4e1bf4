import {
  ApwaError,
  type ErrorPayload,
  type Fault,
  type JsonObject,
  PermanentError,
  RefusedError,
  RowErrorCode,
  type RowResult,
  type RowValues,
} from '@apwa/contracts';
import { UNCERTAIN } from '../capabilities/effects.js';
import { type CallControl } from './control.js';
import { type RowsCaller } from '../stages/map-stage.js';
import { type Pipeline } from './pipeline.js';
import { shownFaults } from './shown-faults.js';
import { RowTally } from './tally.js';

/** What the calls of a stage in this member share. */
export interface CapabilityCalls {
  /** A row's arguments. */
  readonly argumentsOf: (values: RowValues) => JsonObject;
  /** Faults of arguments against the capability's schema. */
  readonly check: (given: JsonObject) => Fault[];
  /** What it gives; null if the row was abandoned. PermanentError with a row's code, RefusedError if it can't be called for any row. */
  readonly call: (
    given: JsonObject,
    row: number,
    control: CallControl,
    caller: RowsCaller,
  ) => JsonObject | null | Promise<JsonObject | null>;
  /** It must never be called twice for a row. */
  readonly unsafe: boolean;
  /** What it gave, by the names of the columns. */
  readonly columnsOf: (output: JsonObject) => JsonObject;
  /** What is wrong with what it gave, by its own names; null if nothing is. */
  readonly wrong: (output: JsonObject) => { code: RowErrorCode; message: string } | null;
  /** Why it can't be called: the stage ends with it. */
  fault: ErrorPayload | null;
}

/** The one call of a row that has come to its end is its result. */
const NONE_ENDED: ReadonlySet<string> = new Set();

/** Calls a capability, once per row. Whatever a second try would heal is tried again by who is called. */
export class CapabilityPipeline implements Pipeline {
  constructor(
    private readonly calls: CapabilityCalls,
    private readonly control: CallControl,
    private readonly caller: RowsCaller,
    private readonly now: () => number = () => performance.now(),
  ) {}

  async run(row: number, values: RowValues): Promise<RowResult | null> {
    const { argumentsOf, check, call, columnsOf, unsafe, wrong } = this.calls;
    const tally = new RowTally();
    if (unsafe && (await this.caller.intents.uncertain(row, NONE_ENDED))) return tally.failed(row, 'unknown', UNCERTAIN);
    if (!(await this.#enter(row))) return null;
    const given = argumentsOf(values);
    const faults = check(given);
    if (faults.length > 0) return tally.failed(row, 'invalid_arguments', shownFaults(faults));
    tally.calls = 1;
    const begunAt = this.now();
    try {
      const output = await call(given, row, this.control, this.caller);
      if (output === null) return this.#abandon(row);
      tally.add({ latencyMs: this.now() - begunAt });
      const found = wrong(output);
      if (!found) return tally.ok(row, columnsOf(output));
      // It was carried out: a redrive would do so again.
      return unsafe ? tally.failed(row, 'unknown', `${UNCERTAIN}: ${found.message}`) : tally.failed(row, found.code, found.message);
    } catch (thrown) {
      const error = ApwaError.from(thrown);
      if (error instanceof RefusedError) {
        this.calls.fault ??= error.toPayload();
        return this.#abandon(row);
      }
      tally.add({ latencyMs: this.now() - begunAt });
      return tally.failed(row, codeOf(error), error.message);
    }
  }

  #abandon(row: number): null {
    if (!this.control.signal.aborted) this.control.land(row);
    return null;
  }

  /** Waits until a call may begin, and counts it as begun; false if the row is to be abandoned. */
  async #enter(row: number): Promise<boolean> {
    const { control } = this;
    while (control.mayBegin() && !this.calls.fault) {
      if (control.mayCall()) return control.begin(row);
      await control.changed();
    }
    return false;
  }
}

/** An error that says what it is of a row; what is thrown otherwise is a fault of the capability. */
const codeOf = (error: ApwaError): RowErrorCode => {
  const code = RowErrorCode.safeParse(error.code);
  return error instanceof PermanentError && code.success ? code.data : 'capability_failed';
};
