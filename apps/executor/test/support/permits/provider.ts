/** A provider that admits so much in a sliding window, as seen by the calls that arrive; its clock is the schedule's. */
export class SlidingProvider {
  answered = 0;
  refused = 0;
  tokensAdmitted = 0;
  private admitted: { at: number; tokens: number }[] = [];

  constructor(
    public limits: { calls: number; tokens: number },
    readonly windowMs = 60_000,
  ) {}

  /** Undefined if it is admitted; else the milliseconds after which another try makes sense. */
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
