import { type CapabilityCall } from '@apwa/capabilities';
import { ApwaError, type Fault, type JsonObject, type RowResult, type RowValues } from '@apwa/contracts';
import { type CallControl } from './control.js';
import { type Pipeline } from './pipeline.js';
import { RowTally } from './tally.js';

/** What the calls of a stage in this member share. */
export interface CapabilityCalls {
  /** A row's arguments. */
  readonly argumentsOf: (values: RowValues) => JsonObject;
  /** Faults of arguments against the capability's schema. */
  readonly check: (given: JsonObject) => Fault[];
  readonly call: CapabilityCall;
  /** What it gave, by the names of the columns. */
  readonly columnsOf: (output: JsonObject) => JsonObject;
  /** Why what it gave can be no row of a part; undefined if it can. */
  readonly misfit: (output: JsonObject) => string | undefined;
}

/** Faults that stand in a row's message. */
const FAULTS_SHOWN = 3;

const shown = (faults: readonly Fault[]): string =>
  faults
    .slice(0, FAULTS_SHOWN)
    .map(({ field, message }) => `${field}: ${message}`)
    .join('; ');

/** Calls a capability, once per row: what has no effects and no network needs no second try. */
export class CapabilityPipeline implements Pipeline {
  constructor(
    private readonly calls: CapabilityCalls,
    private readonly control: CallControl,
    private readonly now: () => number = () => performance.now(),
  ) {}

  async run(row: number, values: RowValues): Promise<RowResult | null> {
    if (!(await this.#enter(row))) return null;
    const { argumentsOf, check, call, columnsOf, misfit } = this.calls;
    const tally = new RowTally();
    const given = argumentsOf(values);
    const faults = check(given);
    if (faults.length > 0) return tally.failed(row, 'invalid_arguments', shown(faults));
    tally.calls = 1;
    const begunAt = this.now();
    try {
      const output = columnsOf(await call(given));
      tally.add({ latencyMs: this.now() - begunAt });
      const wrong = misfit(output);
      return wrong === undefined ? tally.ok(row, output) : tally.failed(row, 'capability_failed', wrong);
    } catch (thrown) {
      tally.add({ latencyMs: this.now() - begunAt });
      return tally.failed(row, 'capability_failed', ApwaError.from(thrown).message);
    }
  }

  /** Waits until a call may begin, and counts it as begun; false if the row is to be abandoned. */
  async #enter(row: number): Promise<boolean> {
    const { control } = this;
    while (control.mayBegin()) {
      if (control.mayCall()) return control.begin(row);
      await control.changed();
    }
    return false;
  }
}
