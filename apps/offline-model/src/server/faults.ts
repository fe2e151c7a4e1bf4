import { shareOf } from './hash.js';

export interface FaultSettings {
  errorRate: number;
  malformedRate: number;
  seed: number;
}

export type Fault = 'error' | 'malformed' | null;

/**
 * Which requests go wrong: told by the seed, the content and how often that content was asked, so that a run is the same every
 * time, and a retry has a chance of its own.
 */
export class Faults {
  private readonly asked = new Map<number, number>();

  constructor(private readonly settings: FaultSettings) {}

  next(key: number): Fault {
    const { errorRate, malformedRate, seed } = this.settings;
    if (errorRate === 0 && malformedRate === 0) return null;
    const nth = this.asked.get(key) ?? 0;
    this.asked.set(key, nth + 1);
    const share = shareOf(seed, key, nth);
    if (share < errorRate) return 'error';
    return share < errorRate + malformedRate ? 'malformed' : null;
  }
}

/** JSON as a model breaks it: cut off in the middle, with a comma too many. */
export const breakJson = (text: string): string => `${text.slice(0, Math.max(1, Math.floor(text.length * 0.6)))},`;
