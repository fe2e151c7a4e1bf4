/** What `/stats` tells. */
export interface StatsPage {
  /** Requests for completions that came in, whatever became of them. */
  requests: number;
  inFlight: number;
  maxInFlight: number;
  /** Answered with 200. */
  answered: number;
  /** 429 and 401. */
  refused: number;
  /** 500s made on purpose. */
  errors: number;
  /** Broken JSON sent on purpose. */
  malformed: number;
  /** Requests under the same instructions for a row that had been answered before, unbroken. */
  repeated: number;
  /** Callers that hung up before their answer. */
  aborted: number;
  promptTokens: number;
  completionTokens: number;
}

const nothing = (): StatsPage => ({
  requests: 0,
  inFlight: 0,
  maxInFlight: 0,
  answered: 0,
  refused: 0,
  errors: 0,
  malformed: 0,
  repeated: 0,
  aborted: 0,
  promptTokens: 0,
  completionTokens: 0,
});

export class Stats {
  page: StatsPage = nothing();
  private answeredRows = new Set<number>();

  begin(): void {
    this.page.requests++;
    this.page.inFlight++;
    this.page.maxInFlight = Math.max(this.page.maxInFlight, this.page.inFlight);
  }

  end(): void {
    this.page.inFlight--;
  }

  /** Counts a request for a row; `key` is the hash of instructions and row. */
  asked(key: number): void {
    if (this.answeredRows.has(key)) this.page.repeated++;
  }

  answeredWell(key: number): void {
    this.answeredRows.add(key);
  }

  /** Everything back to zero but the requests that are in flight. */
  reset(): void {
    const { inFlight } = this.page;
    this.page = { ...nothing(), inFlight, maxInFlight: inFlight };
    this.answeredRows = new Set();
  }
}
