import { setTimeout as sleep } from 'node:timers/promises';
import { TransientError } from '@apwa/contracts';

export interface UntilOptions {
  timeoutMs: number;
  /** What is waited for, as it stands in the error: `waited 5.0 s in vain for …`. */
  what: string;
  /** Milliseconds between two looks. Default 25, growing to 250. */
  intervalMs?: number;
  signal?: AbortSignal;
}

/** Waits until `condition` answers something truthy, and resolves to it. Throws TransientError `timeout` when it takes too long. */
export const until = async <T>(condition: () => T | Promise<T>, options: UntilOptions): Promise<NonNullable<T>> => {
  const started = performance.now();
  let interval = options.intervalMs ?? 25;
  for (;;) {
    options.signal?.throwIfAborted();
    const value = await condition();
    if (value) return value;
    const waited = performance.now() - started;
    if (waited > options.timeoutMs)
      throw new TransientError('timeout', `waited ${(waited / 1000).toFixed(1)} s in vain for ${options.what}`);
    await sleep(interval, undefined, { signal: options.signal });
    interval = Math.min(interval * 1.3, Math.max(250, options.intervalMs ?? 0));
  }
};
