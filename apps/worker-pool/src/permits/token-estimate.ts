import { type TokenUsage } from '@apwa/contracts';

/** English text as it comes; other languages, and the schema that goes with each call, are learned from the first answers. */
const TOKENS_PER_CHARACTER = 0.25;
/** Tokens of an answer, before one was seen. */
const FIRST_OUTPUT = 200;
/** Weight of the latest answer. */
const LEARNING = 0.1;

/** How many tokens the calls of a stage take, told before they are made; learned from those that were answered. */
export class TokenEstimate {
  #perCharacter = TOKENS_PER_CHARACTER;
  #output: number;
  #seen = 0;

  constructor(longestOutput: number) {
    this.#output = Math.min(FIRST_OUTPUT, longestOutput);
  }

  of(characters: number): number {
    return Math.ceil(characters * this.#perCharacter + this.#output);
  }

  saw(characters: number, { input, cacheRead, cacheWrite, output, reasoning }: TokenUsage): void {
    const read = input + cacheRead + cacheWrite;
    if (read === 0 || characters === 0) return;
    // The first answers count more: what was assumed before them is a guess.
    const weight = Math.max(LEARNING, 1 / ++this.#seen);
    this.#perCharacter += weight * (read / characters - this.#perCharacter);
    this.#output += weight * (output + reasoning - this.#output);
  }
}
