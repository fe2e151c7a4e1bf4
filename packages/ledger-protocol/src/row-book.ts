import { type ShardRange } from '@apwa/contracts';
import { type HolderEffect, type HolderRows } from './holder-types.js';

const ANSWERED = 1;
const IN_FLIGHT = 2;
const SAID = 4;

/** The rows of an attempt, a byte each: what `holder` asks, changed by what it decides. */
export class RowBook implements HolderRows {
  readonly #first: number;
  readonly #flags: Uint8Array;
  #missing: number;
  #flying = 0;
  #unsaid = 0;

  /** `range`: subtasks of the assignment, both ends counted. */
  constructor(range: ShardRange) {
    this.#first = range.first;
    this.#missing = range.last - range.first + 1;
    this.#flags = new Uint8Array(this.#missing);
  }

  get missing(): number {
    return this.#missing;
  }

  get flying(): number {
    return this.#flying;
  }

  get unsaid(): number {
    return this.#unsaid;
  }

  lacks(row: number): boolean {
    return row >= this.#first && row < this.#first + this.#flags.length && !this.#has(row, ANSWERED);
  }

  answered(row: number): boolean {
    return this.#has(row, ANSWERED);
  }

  inFlight(row: number): boolean {
    return this.#has(row, IN_FLIGHT);
  }

  /** Answered, and safe in the journal of the present incarnation. */
  said(row: number): boolean {
    return this.#has(row, SAID);
  }

  /** Takes in what was decided; effects that concern no rows are passed over. */
  apply(effects: readonly HolderEffect[]): void {
    for (const effect of effects) this.#apply(effect);
  }

  clone(): RowBook {
    const copy = new RowBook({ first: this.#first, last: this.#first + this.#flags.length - 1 });
    copy.#flags.set(this.#flags);
    copy.#missing = this.#missing;
    copy.#flying = this.#flying;
    copy.#unsaid = this.#unsaid;
    return copy;
  }

  #has(row: number, flag: number): boolean {
    return ((this.#flags[row - this.#first] ?? 0) & flag) !== 0;
  }

  #apply(effect: HolderEffect): void {
    switch (effect.kind) {
      case 'call':
        this.#set(effect.row, IN_FLIGHT);
        break;
      case 'land':
        this.#clear(effect.row, IN_FLIGHT);
        break;
      case 'keep':
        this.#clear(effect.row, IN_FLIGHT);
        this.#set(effect.row, ANSWERED);
        break;
      case 'take':
        for (const row of effect.rows) {
          this.#set(row, ANSWERED);
          this.#set(row, SAID);
        }
        break;
      case 'said':
        for (const row of effect.rows) if (this.answered(row)) this.#set(row, SAID);
        break;
      case 'journal_again':
        for (let i = 0; i < this.#flags.length; i++) this.#clear(this.#first + i, SAID);
        break;
      default:
        break;
    }
  }

  #set(row: number, flag: number): void {
    const at = row - this.#first;
    if (at < 0 || at >= this.#flags.length || this.#has(row, flag)) return;
    this.#flags[at] = (this.#flags[at] ?? 0) | flag;
    this.#count(flag, 1);
  }

  #clear(row: number, flag: number): void {
    if (!this.#has(row, flag)) return;
    const at = row - this.#first;
    this.#flags[at] = (this.#flags[at] ?? 0) & ~flag;
    this.#count(flag, -1);
  }

  /** Answered rows are unsaid until they are said. */
  #count(flag: number, by: 1 | -1): void {
    if (flag === ANSWERED) {
      this.#missing -= by;
      this.#unsaid += by;
    } else if (flag === IN_FLIGHT) this.#flying += by;
    else this.#unsaid -= by;
  }
}
