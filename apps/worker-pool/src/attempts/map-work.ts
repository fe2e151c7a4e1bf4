import { type Assignment, type CommitContent, noCounts, type RowResult, type ShardRange } from '@apwa/contracts';
import { type Storage, writeMapPart } from '@apwa/tables';
import { type CallControl } from '../rows/control.js';
import { RowPipeline } from '../rows/row-pipeline.js';
import { RowSource } from '../rows/row-source.js';
import { runRows } from '../rows/run-rows.js';
import { countRow, RowTally } from '../rows/tally.js';
import { type MapStage } from '../stages/map-stage.js';
import { partKey } from './part-key.js';
import { type AttemptWork, type RowsInHand } from './work.js';

const giveUp = ({ first, last }: ShardRange, hand: RowsInHand): void => {
  for (let row = first; row <= last; row++)
    if (!hand.known(row))
      hand.record(new RowTally().failed(row, 'poison', 'members crashed again and again while this row was in flight, alone at last'));
};

/** A template over the rows of a shard. */
export class MapWorker implements AttemptWork {
  constructor(
    private readonly assignment: Assignment,
    private readonly stage: MapStage,
    private readonly storage: Storage,
  ) {}

  async runRows(hand: RowsInHand, control: CallControl, slots: number): Promise<void> {
    const { range, handling } = this.assignment;
    // Not even read: whatever of it kills may do so in any way.
    if (handling === 'condemned') return giveUp(range, hand);
    const { calls, columns, read } = this.stage;
    const source = new RowSource({
      range,
      columns,
      read,
      known: (row) => hand.known(row),
      settled: (result) => hand.record(result),
    });
    return runRows({
      source,
      pipeline: new RowPipeline(calls, control, this.assignment.ownerId),
      stage: calls,
      control,
      slots,
      done: (result) => hand.record(result),
      room: () => hand.room(),
      needs: (count) => hand.needs(count),
    });
  }

  async writePart(write: number, results: readonly RowResult[]): Promise<CommitContent> {
    const key = partKey(this.assignment, write, 'parquet');
    const part = await writeMapPart(this.storage, key, { columns: this.stage.outputColumns, results });
    const counts = noCounts();
    for (const result of results) countRow(counts, result);
    return { part, rejected: null, columns: this.stage.outputColumns, counts };
  }
}
