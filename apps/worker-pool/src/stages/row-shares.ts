import { type ChoiceColumn, chosenBy, excerpt, type RowResult, type RowValues, schemaOfChosen, type WrongChoice } from '@apwa/contracts';
import { type AgentSettings } from '../rows/agent-pipeline.js';
import { type Pipeline, type ReplicaOfRow } from '../rows/pipeline.js';
import { type StageCalls } from '../rows/stage-calls.js';
import { RowTally } from '../rows/tally.js';
import { callsFor } from './model-calls.js';

/** What a row takes of its stage. */
export interface RowShare {
  readonly calls: StageCalls;
  /** Null: it is asked once. */
  readonly agent: AgentSettings | null;
}

/** Shares that are kept ready: rows that choose the same have one. */
const KEPT = 500;

type Names = Partial<Record<ChoiceColumn['of'], string[]>>;

/** What each row takes of a stage, by the columns in which it names that. */
export class RowShares {
  readonly #ready = new Map<string, RowShare>();

  constructor(
    private readonly choices: readonly ChoiceColumn[],
    private readonly whole: RowShare,
  ) {}

  /** The share of a row, or what is wrong with what it chose. */
  of(values: RowValues): RowShare | { wrong: string } {
    const names: Names = {};
    for (const choice of this.choices) {
      const chosen = chosenBy(choice, values[choice.column]);
      if (!('names' in chosen)) return { wrong: wordsOf(choice, chosen) };
      names[choice.of] = chosen.names;
    }
    const key = JSON.stringify([names.capabilities, names.output]);
    const share = this.#ready.get(key) ?? this.#make(names);
    this.#ready.set(key, share);
    const [oldest] = this.#ready.keys();
    if (this.#ready.size > KEPT && oldest !== undefined) this.#ready.delete(oldest);
    return share;
  }

  #make({ capabilities, output }: Names): RowShare {
    const { calls, agent } = this.whole;
    return {
      calls: output ? callsFor(calls, schemaOfChosen(calls.output.schema, output)) : calls,
      agent: agent && capabilities ? { ...agent, tools: agent.tools.only(capabilities) } : agent,
    };
  }
}

const wordsOf = ({ column, names }: ChoiceColumn, { value, message }: WrongChoice): string =>
  `${column} holds ${excerpt(value)}, which ${message} (${names.join(', ') || 'there is none'})`;

/** Takes each row to its result by what it takes of its stage. */
export class SharePipeline implements Pipeline {
  constructor(
    private readonly shares: RowShares,
    private readonly by: (share: RowShare) => Pipeline,
  ) {}

  run(row: number, values: RowValues, of?: ReplicaOfRow): Promise<RowResult | null> {
    const share = this.shares.of(values);
    if ('wrong' in share) return Promise.resolve(new RowTally().failed(row, 'invalid_arguments', share.wrong));
    return this.by(share).run(row, values, of);
  }
}
