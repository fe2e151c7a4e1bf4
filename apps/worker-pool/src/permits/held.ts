interface Grant {
  calls: number;
  tokens: number;
  until: number;
}

/** Calls that begin late are made up for by so much at once, no more: timers are coarse. Milliseconds. */
const CATCH_UP_MS = 15;

/**
 * Permits of one run at one endpoint in this member. They are spent evenly until the next ones are due, so that what the executor gives
 * out evenly does not arrive in lumps; what was not spent within its term is void.
 */
export class Held {
  #grants: Grant[] = [];
  #gapMs = 0;
  #nextAt = -Infinity;

  get calls(): number {
    return this.#grants.reduce((sum, { calls }) => sum + calls, 0);
  }

  get tokens(): number {
    return this.#grants.reduce((sum, { tokens }) => sum + tokens, 0);
  }

  /** When the next call may begin, as far as its turn is concerned. */
  get nextAt(): number {
    return this.#nextAt;
  }

  /** `spreadMs`: until when the next ones are due. */
  add(now: number, calls: number, tokens: number, until: number, spreadMs: number): void {
    this.expire(now);
    if (calls > 0 || tokens > 0) this.#grants.push({ calls, tokens, until });
    const held = this.calls;
    this.#gapMs = held > 1 ? spreadMs / held : 0;
  }

  /** Permits of a call that was not made: good for as long as the oldest ones. */
  giveBack(calls: number, tokens: number): void {
    const [oldest] = this.#grants;
    if (!oldest) return;
    oldest.calls += calls;
    oldest.tokens += tokens;
  }

  /** Takes the permits of a call, if they are there and it is its turn. */
  take(now: number, tokens: number): boolean {
    this.expire(now);
    if (now < this.#nextAt || this.calls < 1 || this.tokens + 1e-6 < tokens) return false;
    this.#spend(1, tokens);
    this.#nextAt = Math.max(this.#nextAt, now - CATCH_UP_MS) + this.#gapMs;
    return true;
  }

  /** Takes out what is more than is needed, to be given back. */
  surplus(now: number, calls: number, tokens: number): { calls: number; tokens: number } {
    this.expire(now);
    const over = { calls: Math.max(0, this.calls - calls), tokens: Math.max(0, this.tokens - tokens) };
    this.#spend(over.calls, over.tokens);
    return over;
  }

  expire(now: number): void {
    this.#grants = this.#grants.filter(({ until, calls, tokens }) => until > now && (calls > 0 || tokens > 0));
  }

  clear(): void {
    this.#grants = [];
  }

  #spend(calls: number, tokens: number): void {
    for (const grant of this.#grants) {
      const [some, their] = [Math.min(calls, grant.calls), Math.min(tokens, grant.tokens)];
      grant.calls -= some;
      grant.tokens -= their;
      calls -= some;
      tokens -= their;
    }
  }
}
