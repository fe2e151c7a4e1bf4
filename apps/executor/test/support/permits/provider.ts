/** What a call meets that arrives. */
export interface Provider {
  answered: number;
  refused: number;
  /** Undefined if it is admitted; else the milliseconds after which another try makes sense. */
  arrive(now: number, tokens: number): number | undefined;
}

/** A provider that admits calls evenly, and keeps what is not used for a second. */
export class BucketProvider implements Provider {
  answered = 0;
  refused = 0;
  private left: number;
  private at = 0;

  constructor(public perMinute: number) {
    this.left = perMinute / 60;
  }

  arrive(now: number): number | undefined {
    const perMs = this.perMinute / 60_000;
    this.left = Math.min(perMs * 1_000, this.left + (now - this.at) * perMs);
    this.at = now;
    if (this.left < 1) {
      this.refused++;
      return Math.max(50, Math.ceil((1 - this.left) / perMs));
    }
    this.left--;
    this.answered++;
    return undefined;
  }
}

/** A provider that admits so much in a sliding window, as seen by the calls that arrive; its clock is the schedule's. */
export class SlidingProvider implements Provider {
  answered = 0;
  refused = 0;
  tokensAdmitted = 0;
  private admitted: { at: number; tokens: number }[] = [];

  constructor(
    public limits: { calls: number; tokens: number },
    readonly windowMs = 60_000,
  ) {}

  arrive(now: number, tokens: number): number | undefined {
    const { windowMs } = this;
    while (this.admitted[0] && this.admitted[0].at <= now - windowMs) this.tokensAdmitted -= this.admitted.shift()?.tokens ?? 0;
    const most = (perMinute: number) => Math.max(1, Math.floor((perMinute * windowMs) / 60_000));
    const tokensMost = most(this.limits.tokens);
    const fits = this.admitted.length + 1 <= most(this.limits.calls) && this.tokensAdmitted + Math.min(tokens, tokensMost) <= tokensMost;
    if (fits) {
      this.admitted.push({ at: now, tokens });
      this.tokensAdmitted += tokens;
      this.answered++;
      return undefined;
    }
    this.refused++;
    let over = {
      calls: this.admitted.length + 1 - most(this.limits.calls),
      tokens: this.tokensAdmitted + Math.min(tokens, tokensMost) - tokensMost,
    };
    for (const one of this.admitted) {
      over = { calls: over.calls - 1, tokens: over.tokens - one.tokens };
      if (over.calls <= 0 && over.tokens <= 0) return Math.max(1, one.at + windowMs - now);
    }
    return windowMs;
  }
}
