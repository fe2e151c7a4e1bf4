import { tokensOf, type TokenUsage } from '@apwa/contracts';

export interface AgentLimits {
  readonly turns: number;
  /** Read and written. */
  readonly tokens: number;
  readonly costUsd: number;
}

/** What an agent may use up for a row, and what it has; of a template that an agent called, within what is left of the caller's. */
export class Allowance {
  #turns = 0;
  #tokens = 0;
  #costUsd = 0;

  constructor(
    private readonly limits: AgentLimits,
    private readonly callers: Allowance | null = null,
  ) {}

  /** Turns have ended. */
  take({ usage, costUsd }: { usage: TokenUsage; costUsd: number }, turns = 1): void {
    this.#turns += turns;
    this.#tokens += tokensOf(usage);
    this.#costUsd += costUsd;
    this.callers?.take({ usage, costUsd }, turns);
  }

  /** Turns that have ended, with those of templates. */
  get turns(): number {
    return this.#turns;
  }

  /** Why no further turn begins; null if one may. A caller keeps a turn for its own answer. */
  get reached(): string | null {
    const { turns, tokens, costUsd } = this.limits;
    if (this.#turns >= turns) return `no answer after ${this.#turns} turns, its limit`;
    if (this.#tokens >= tokens) return `no answer after ${this.#tokens} tokens: its limit is ${tokens}`;
    if (this.#costUsd >= costUsd) return `no answer for $${this.#costUsd.toFixed(4)}: its limit is $${costUsd}`;
    const callers = this.callers?.reachedWithin;
    return callers ? `no answer within the limits of the agent that called: ${callers}` : null;
  }

  /** The turn that begins now is the last one. */
  get isLast(): boolean {
    return this.#turns + 1 >= this.limits.turns || this.callers?.isLastWithin === true;
  }

  private get reachedWithin(): string | null {
    return this.#turns + 1 >= this.limits.turns ? `it has one of ${this.limits.turns} turns left` : this.reached;
  }

  private get isLastWithin(): boolean {
    return this.#turns + 2 >= this.limits.turns || this.callers?.isLastWithin === true;
  }
}
