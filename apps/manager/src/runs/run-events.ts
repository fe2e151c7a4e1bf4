import { Injectable } from '@nestjs/common';

/** `ended`: nothing will come after it. */
export type RunNews = 'changed' | 'ended';

/** Tells within this process that a run has changed or ended. It may miss what other managers do: whoever listens also looks by itself. */
@Injectable()
export class RunEvents {
  private beginner: (runId: string) => void = () => undefined;
  private readonly listeners = new Map<string, Set<(news: RunNews) => void>>();

  tell(runId: string, news: RunNews): void {
    for (const listener of this.listeners.get(runId) ?? []) listener(news);
  }

  /** A run is there, or is to end, that nobody was told of: whoever brings runs to their end looks at it. */
  begun(runId: string): void {
    this.beginner(runId);
  }

  onBegun(beginner: (runId: string) => void): void {
    this.beginner = beginner;
  }

  /** Returns what ends it. */
  listen(runId: string, listener: (news: RunNews) => void): () => void {
    const listeners = this.listeners.get(runId) ?? new Set();
    this.listeners.set(runId, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.listeners.delete(runId);
    };
  }

  /** Runs that somebody watches here. */
  watched(): string[] {
    return [...this.listeners.keys()];
  }
}
