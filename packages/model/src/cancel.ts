/** What may end a call before its answer: its time, or whoever asked for it. The first reason counts. */
export class Cancel {
  #reason: Error | undefined;
  #listener: ((reason: Error) => void) | undefined;

  /** Why the call was ended; undefined while it may go on. */
  get reason(): Error | undefined {
    return this.#reason;
  }

  end(reason: Error): void {
    if (this.#reason) return;
    this.#reason = reason;
    this.#listener?.(reason);
  }

  /** `listener` is called once, when the call is ended; at once if it was already. There is one. */
  onEnd(listener: (reason: Error) => void): void {
    this.#listener = listener;
    if (this.#reason) listener(this.#reason);
  }
}

const followers = new WeakMap<AbortSignal, Set<Cancel>>();

const reasonOf = ({ reason }: AbortSignal): Error =>
  reason instanceof Error ? reason : new Error('the call was aborted', { cause: reason });

/**
 * Ends `cancel` when the signal is aborted; returns what ends that. All calls of a signal hang on one listener: a listener each
 * would be searched for among thousands whenever one of them is taken away.
 */
export const follow = (signal: AbortSignal, cancel: Cancel): (() => void) => {
  if (signal.aborted) {
    cancel.end(reasonOf(signal));
    return () => undefined;
  }
  const known = followers.get(signal) ?? new Set<Cancel>();
  if (!followers.has(signal)) {
    followers.set(signal, known);
    signal.addEventListener('abort', () => known.forEach((one) => one.end(reasonOf(signal))), { once: true });
  }
  known.add(cancel);
  return () => known.delete(cancel);
};
