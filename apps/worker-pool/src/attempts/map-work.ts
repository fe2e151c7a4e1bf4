import { type Assignment, type CommitContent, noCounts, type RowResult, type ShardRange } from '@apwa/contracts';
import { type Storage, writeMapPart } from '@apwa/tables';
import { type AttemptBudget } from '../budgets/run-account.js';
import { type CallControl } from '../rows/control.js';
import { RowSource } from '../rows/row-source.js';
import { RowRunner } from '../rows/row-runner.js';
import { countRow, RowTally } from '../rows/tally.js';
import { type MapStage } from '../stages/map-stage.js';
import { partKey } from './part-key.js';
import { type AttemptWork, type RowsInHand, type RunningRows } from './work.js';

const giveUp = ({ first, last }: ShardRange, hand: RowsInHand): RunningRows => {
  for (let row = first; row <= last; row++)
    if (!hand.known(row))
      hand.record(new RowTally().failed(row, 'poison', 'members crashed again and again while this row was in flight, alone at last'));
  return { ended: Promise.resolve(), hungry: false, resize: () => undefined };
};

/** A template over the rows of a shard. */
export class MapWorker implements AttemptWork {
  constructor(
    private readonly assignment: Assignment,
    private readonly stage: MapStage,
    private readonly storage: Storage,
    private readonly budget: AttemptBudget | null,
  ) {}

  runRows(hand: RowsInHand, control: CallControl, slots: number): RunningRows {
    const { range, handling, ownerId } = this.assignment;
    // Not even read: whatever of it kills may do so in any way.
    if (handling === 'condemned') return giveUp(range, hand);
    const { columns, read, earlier, answers } = this.stage;
    const source = new RowSource({
      range,
      columns,
      read,
      earlier,
      known: (row) => hand.known(row),
      settled: (result) => hand.record(result),
      // A row that may kill is in flight where its own journal says so, and nowhere else.
      ...(handling === 'ordinary' ? { shared: answers } : {}),
    });
    const { conversations, intents } = hand;
    return new RowRunner({
      source,
      pipeline: this.stage.pipeline(control, { ownerId, budget: this.budget, conversations, intents }),
      stage: this.stage,
      control,
      slots,
      done: (result) => hand.record(result),
      room: () => hand.room(),
      needs: (count) => hand.needs(count),
    });
  }

  async writePart(write: number, results: readonly RowResult[]): Promise<CommitContent> {
    const key = partKey(this.assignment, write, 'parquet');
    // Who hears of the commit is to hear of what it took as well.
    const [part] = await Promise.all([
      writeMapPart(this.storage, key, { columns: this.stage.outputColumns, results }),
      this.budget?.told(),
    ]);
    const counts = noCounts();
    for (const result of results) countRow(counts, result);
    return { part, rejected: null, columns: this.stage.outputColumns, counts };
  }
}
