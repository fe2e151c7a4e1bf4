import { unsafeUniformIntDistribution, xoroshiro128plus, type RandomGenerator } from 'pure-rand';

/** Draws that are the same for the same seed. */
export class Random {
  readonly #generator: RandomGenerator;

  constructor(readonly seed: number) {
    this.#generator = xoroshiro128plus(seed);
  }

  /** A whole number, both bounds included. */
  int(from: number, to: number): number {
    return unsafeUniformIntDistribution(from, to, this.#generator);
  }

  pick<T>(from: readonly T[]): T {
    return from[this.int(0, from.length - 1)] as T;
  }

  /** 0 ≤ n < 1. */
  share(): number {
    return this.int(0, 999_999) / 1_000_000;
  }
}
