import { Injectable } from '@nestjs/common';

/** Tells within this process that a run has changed. It may miss what other managers do: whoever listens also looks by itself. */
@Injectable()
export class RunEvents {
  private readonly listeners = new Map<string, Set<() => void>>();

  changed(runId: string): void {
    for (const listener of this.listeners.get(runId) ?? []) listener();
  }

  /** Returns what ends it. */
  listen(runId: string, listener: () => void): () => void {
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
