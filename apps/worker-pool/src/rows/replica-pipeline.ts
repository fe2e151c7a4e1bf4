import { InternalError, type JsonObject, type RowResult, type RowValues } from '@apwa/contracts';
import { type CallControl } from './control.js';
import { type Pipeline } from './pipeline.js';
import { type Combination } from './replicas.js';
import { RowTally } from './tally.js';

/** What asks a row once. `replica`: from 0. */
type Ask = (control: CallControl, row: number, values: RowValues, replica: number) => Promise<RowResult | null>;

/** Asks each row several times, side by side, and makes one result of the answers. */
export class ReplicaPipeline implements Pipeline {
  constructor(
    private readonly combination: Combination,
    private readonly control: CallControl,
    private readonly ask: Ask,
  ) {}

  async run(row: number, values: RowValues): Promise<RowResult | null> {
    const flight = new SharedFlight(this.control, row);
    const results: RowResult[] = [];
    const answers = () => results.flatMap(({ output }) => (output ? [output] : []));
    try {
      for (let wanted; (wanted = this.combination.wanted(answers(), results.length)) > 0;) {
        const first = results.length;
        const asked = await Promise.all(Array.from({ length: wanted }, (_, n) => this.#askOnce(flight, row, values, first + n)));
        if (asked.includes(null)) return flight.giveUp();
        results.push(...(asked as RowResult[]));
      }
    } catch (thrown) {
      flight.giveUp();
      throw thrown;
    }
    return together(row, results, answers().length > 0 ? this.combination.combine(answers(), results.length) : null);
  }

  async #askOnce(flight: SharedFlight, row: number, values: RowValues, replica: number): Promise<RowResult | null> {
    const control = flight.forReplica();
    try {
      return await this.ask(control, row, values, replica);
    } finally {
      control.over();
    }
  }
}

/** One row in flight as its attempt sees it, however many calls of it are under way. */
class SharedFlight {
  #calls = 0;
  /** The attempt holds the row to be in flight. */
  #inFlight = false;

  constructor(
    private readonly control: CallControl,
    private readonly row: number,
  ) {}

  forReplica(): CallControl & { over(): void } {
    const { control } = this;
    let flies = false;
    const end = (): void => {
      if (!flies) return;
      flies = false;
      this.#calls--;
    };
    return {
      get signal() {
        return control.signal;
      },
      begin: () => {
        if (!(this.#inFlight ? control.join(this.row) : control.begin(this.row))) return false;
        this.#inFlight = true;
        flies = true;
        this.#calls++;
        return true;
      },
      join: () => false,
      land: () => {
        end();
        // Others of it may be under way; if not, it waits for its next call.
        if (this.#calls === 0) this.#land();
      },
      over: end,
      mayCall: () => control.mayCall(),
      mayBegin: () => control.mayBegin(),
      changed: () => control.changed(),
      sleep: (ms) => control.sleep(ms),
    };
  }

  /** Nothing becomes of the row here. */
  giveUp(): null {
    this.#land();
    return null;
  }

  #land(): void {
    if (!this.#inFlight) return;
    this.#inFlight = false;
    this.control.land(this.row);
  }
}

/** One result with all that the replicas took; of none that answered the first one's failure. */
const together = (row: number, results: readonly RowResult[], output: JsonObject | null): RowResult => {
  const tally = new RowTally();
  // The last one that is added says which model it was: the first replica's.
  for (const result of results.toReversed()) tally.take(result);
  if (output) return tally.ok(row, output);
  const error = results.find((result) => result.error !== null)?.error;
  if (!error) throw new InternalError('no_answer', `Of ${results.length} replicas of row ${row} none answered or failed.`);
  return tally.failed(row, error.code, error.message);
};
