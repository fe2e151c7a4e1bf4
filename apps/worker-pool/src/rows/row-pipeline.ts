import { type JsonObject, type RowResult, type RowValues } from '@apwa/contracts';
import { type Caller } from '../stages/map-stage.js';
import { type CallControl } from './control.js';
import { type Pipeline, type ReplicaOfRow } from './pipeline.js';
import { Journey, RowCalls } from './row-calls.js';
import { type StageCalls } from './stage-calls.js';

/** Takes rows to their results by one question each. All rows of an attempt go through one. */
export class RowPipeline implements Pipeline {
  readonly #calls: RowCalls;

  constructor(
    private readonly stage: StageCalls,
    control: CallControl,
    private readonly caller: Caller,
    now?: () => number,
    random?: () => number,
  ) {
    this.#calls = new RowCalls(stage, control, caller, now, random);
  }

  async run(row: number, values: RowValues, { counted = false }: ReplicaOfRow = {}): Promise<RowResult | null> {
    const { stage } = this;
    const journey = new Journey(row, counted);
    const asked = await this.#calls.ask<JsonObject>(journey, {
      messages: stage.prompts.messages(values),
      read: (answer) => {
        const value = answer.kind === 'structured' ? answer.value : undefined;
        const faults = stage.validate(value);
        return faults.length > 0 ? { faults } : { value: value as JsonObject };
      },
    });
    switch (asked.kind) {
      case 'answered':
        return journey.tally.ok(row, asked.value);
      case 'failed':
        return asked.result;
      case 'abandoned':
        if (journey.counted && !counted) this.caller.budget?.refundRow();
        return null;
    }
  }
}
