import { InternalError, type JsonObject, type RowResult, type RowValues } from '@apwa/contracts';
import { type CallControl } from './control.js';
import { type Pipeline } from './pipeline.js';
import { type Combination, differ, type Verdict } from './replicas.js';
import { RowTally } from './tally.js';

/** What asks a row once. `replica`: from 0. */
type Ask = (control: CallControl, row: number, values: RowValues, replica: number) => Promise<RowResult | null>;
/** What chooses among answers: a result that holds a verdict. */
type AskJudge = (control: CallControl, row: number, values: RowValues, answers: readonly JsonObject[]) => Promise<RowResult | null>;

/** Asks each row several times, side by side, and makes one result of the answers. */
export class ReplicaPipeline implements Pipeline {
  constructor(
    private readonly combination: Combination,
    private readonly control: CallControl,
    private readonly ask: Ask,
    private readonly judge: AskJudge | null = null,
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
      const result = await this.#together(flight, row, values, results);
      return result && { ...result, ...transcriptOf(results) };
    } catch (thrown) {
      flight.giveUp();
      throw thrown;
    }
  }

  async #together(flight: SharedFlight, row: number, values: RowValues, results: readonly RowResult[]): Promise<RowResult | null> {
    const answers = results.flatMap(({ output }) => (output ? [output] : []));
    if (answers.length === 0) return together(row, results, null);
    if (!this.judge || !differ(answers)) return together(row, results, this.combination.combine(answers, results.length));
    const { judge } = this;
    const said = await this.#inFlight(flight, (control) => judge(control, row, values, answers));
    if (!said) return flight.giveUp();
    const verdict = said.output as unknown as Verdict | null;
    const all = [said, ...results];
    if (!verdict) return together(row, all, null);
    if (verdict.choice > answers.length) {
      const message = `the judge chose answer ${verdict.choice} of ${answers.length}`;
      return together(row, [{ ...said, error: { code: 'invalid_output', message } }, ...results], null);
    }
    return together(row, [...results, said], this.combination.combine(answers, results.length, verdict));
  }

  #askOnce(flight: SharedFlight, row: number, values: RowValues, replica: number): Promise<RowResult | null> {
    return this.#inFlight(flight, (control) => this.ask(control, row, values, replica));
  }

  async #inFlight(flight: SharedFlight, ask: (control: CallControl) => Promise<RowResult | null>): Promise<RowResult | null> {
    const control = flight.forReplica();
    try {
      return await ask(control);
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

/** The conversations of replicas that kept theirs, as JSON. */
const transcriptOf = (results: readonly RowResult[]): Pick<RowResult, 'transcript'> => {
  const kept = results.flatMap(({ transcript }, replica) => (transcript ? [`{"replica":${replica},"messages":${transcript}}`] : []));
  return kept.length > 0 ? { transcript: `[${kept.join(',')}]` } : {};
};

/** One result with all that the replicas took; without an answer the failure that comes first. */
const together = (row: number, results: readonly RowResult[], output: JsonObject | null): RowResult => {
  const tally = new RowTally();
  // The last one that is added says which model it was: the first replica's.
  for (const result of results.toReversed()) tally.take(result);
  if (output) return tally.ok(row, output);
  const error = results.find((result) => result.error !== null)?.error;
  if (!error) throw new InternalError('no_answer', `Of ${results.length} replicas of row ${row} none answered or failed.`);
  return tally.failed(row, error.code, error.message);
};
