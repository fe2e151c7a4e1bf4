import { type AgentTurn } from '@apwa/contracts';

/** Turns of the rows of an attempt: those that earlier attempts have journaled, and its own. */
export interface Conversations {
  /** Of a replica of a row, in their order: those behind which it goes on. */
  of(row: number, replica: number): readonly AgentTurn[];
  /** Keeps a turn; resolves when it is in the journal, or when it is not worth waiting for that any more. */
  add(turn: AgentTurn): Promise<void>;
}

/**
 * The longest conversation among turns of one replica of a row. Two attempts may have gone on with it side by side, each with turns of
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
  readonly #byReplica = new Map<string, AgentTurn[]>();

  constructor(private readonly journal: (turn: AgentTurn) => Promise<void>) {}

  of(row: number, replica: number): readonly AgentTurn[] {
    return this.#byReplica.get(keyOf({ row, replica })) ?? [];
  }

  async add(turn: AgentTurn): Promise<void> {
    this.#turnsOf(turn).push(turn);
    await this.journal(turn);
  }

  /** Turns that were journaled before: what each replica goes on behind; the others are left out. */
  takeOver(turns: readonly AgentTurn[]): AgentTurn[] {
    const known = new Map<string, AgentTurn[]>();
    for (const turn of turns) known.set(keyOf(turn), [...(known.get(keyOf(turn)) ?? []), turn]);
    const taken: AgentTurn[] = [];
    for (const [key, own] of known) {
      const longest = longestOf([...(this.#byReplica.get(key) ?? []), ...own]);
      this.#byReplica.set(key, longest);
      taken.push(...longest);
    }
    return taken;
  }

  /** The row has its result. */
  forget(row: number): void {
    for (let replica = 0; this.#byReplica.delete(keyOf({ row, replica })); replica++);
  }

  #turnsOf(turn: AgentTurn): AgentTurn[] {
    const known = this.#byReplica.get(keyOf(turn));
    if (known) return known;
    const made: AgentTurn[] = [];
    this.#byReplica.set(keyOf(turn), made);
    return made;
  }
}

const keyOf = ({ row, replica }: Pick<AgentTurn, 'row' | 'replica'>): string => `${row} ${replica}`;
