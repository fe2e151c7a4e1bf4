import { type AgentTurn, type CallKey } from '@apwa/contracts';

/** Turns of the rows of an attempt: those that earlier attempts have journaled, and its own. */
export interface Conversations {
  /** Of a replica of a row, or of a template that was called for it, in their order: those behind which it goes on. */
  of(row: number, replica: number, within?: CallKey): readonly AgentTurn[];
  /** Keeps a turn; resolves when it is in the journal, or when it is not worth waiting for that any more. */
  add(turn: AgentTurn): Promise<void>;
}

/**
 * The longest conversation among turns of one replica of a row, or of one call of a template. Two attempts may have gone on with it side by side, each with turns of
 * its own: they never mix.
 */
export const longestOf = (turns: readonly AgentTurn[]): AgentTurn[] => {
  const byId = new Map(turns.map((turn) => [turn.id, turn]));
  let longest: AgentTurn[] = [];
  for (const last of turns) {
    const chain = chainTo(last, byId);
    if (chain && chain.length > longest.length) longest = chain;
  }
  return longest;
};

/** The turns up to this one; null if one of them is missing. */
const chainTo = (last: AgentTurn, byId: ReadonlyMap<string, AgentTurn>): AgentTurn[] | null => {
  const chain = [last];
  for (let turn = last; turn.after !== null;) {
    const before = byId.get(turn.after);
    // What refers to itself in a circle was written by nobody of us.
    if (!before || chain.includes(before)) return null;
    chain.unshift(before);
    turn = before;
  }
  return chain;
};

/** Turns in memory, and where they are journaled. */
export class ConversationBook implements Conversations {
  readonly #byRow = new Map<number, Map<string, AgentTurn[]>>();

  constructor(private readonly journal: (turn: AgentTurn) => Promise<void>) {}

  of(row: number, replica: number, within?: CallKey): readonly AgentTurn[] {
    return this.#byRow.get(row)?.get(keyOf({ replica, within })) ?? [];
  }

  async add(turn: AgentTurn): Promise<void> {
    // What templates said in it is part of what they gave now.
    if (turn.within === undefined) this.#forgetWithin(turn);
    this.#keep(turn, [...this.of(turn.row, turn.replica, turn.within), turn]);
    await this.journal(turn);
  }

  /** Turns that were journaled before: what each conversation goes on behind; the others are left out. */
  takeOver(turns: readonly AgentTurn[]): AgentTurn[] {
    const known = Map.groupBy(turns, (turn) => `${turn.row} ${keyOf(turn)}`);
    const taken: AgentTurn[] = [];
    for (const own of known.values()) {
      const [first] = own;
      if (!first) continue;
      const longest = longestOf([...this.of(first.row, first.replica, first.within), ...own]);
      this.#keep(first, longest);
      taken.push(...longest);
    }
    return taken;
  }

  /** The row has its result. */
  forget(row: number): void {
    this.#byRow.delete(row);
  }

  #keep(turn: AgentTurn, turns: AgentTurn[]): void {
    const ofRow = this.#byRow.get(turn.row) ?? new Map<string, AgentTurn[]>();
    ofRow.set(keyOf(turn), turns);
    this.#byRow.set(turn.row, ofRow);
  }

  #forgetWithin({ row, replica }: AgentTurn): void {
    const ofRow = this.#byRow.get(row);
    for (const key of ofRow?.keys() ?? []) if (key !== `${replica}` && key.startsWith(`${replica} `)) ofRow?.delete(key);
  }
}

const keyOf = ({ replica, within }: Pick<AgentTurn, 'replica' | 'within'>): string =>
  within === undefined ? `${replica}` : `${replica} ${within}`;
