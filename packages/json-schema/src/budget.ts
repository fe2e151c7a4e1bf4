/**
 * How much work one validation may be, in schema applications. A schema of 100 bytes can ask for 2^n of them
 * (`$ref` to a definition that refers twice to the next …); no answer that is meant needs more than this.
 */
const MAX_WORK = 1_000_000;

export class BudgetExceeded extends Error {}

/** Counts the work of one validation, and stops it. */
export class Budget {
  private left = MAX_WORK;

  reset(): void {
    this.left = MAX_WORK;
  }

  spend(work: number): void {
    this.left -= work;
    if (this.left < 0) throw new BudgetExceeded('the validation takes too long');
  }
}
