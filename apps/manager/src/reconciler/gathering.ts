/**
 * Gathers notices into questions: the first is asked about at once, those that follow once in an interval, all of them in one question.
 * Somebody waits for an end: it is asked about at once, and so is what was gathered by then.
 */
export class Gathering {
  private readonly ids = new Set<string>();
  private timer: NodeJS.Timeout | null = null;
  /** When the next question is asked, and when the last one was, on the process' clock. */
  private due = Infinity;
  private askedAt = -Infinity;

  constructor(
    private readonly everyMs: number,
    private readonly ask: (ids: string[]) => void,
  ) {}

  add(id: string, { atOnce = false }: { atOnce?: boolean } = {}): void {
    this.ids.add(id);
    const now = performance.now();
    const due = atOnce ? now : Math.max(now, this.askedAt + this.everyMs);
    if (due >= this.due) return;
    this.stop();
    this.due = due;
    this.timer = setTimeout(() => this.askNow(), Math.ceil(due - now));
    this.timer.unref();
  }

  stop(): void {
    if (this.timer) clearTimeout(this.timer);
  }

  private askNow(): void {
    const ids = [...this.ids];
    this.ids.clear();
    this.due = Infinity;
    this.askedAt = performance.now();
    this.ask(ids);
  }
}
