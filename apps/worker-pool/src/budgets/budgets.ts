import { type Assignment } from '@apwa/contracts';
import { Injectable } from '@nestjs/common';
import { AttemptBudget, RunAccount } from './run-account.js';

/** The accounts of runs that have a budget, and that this member has worked for. */
@Injectable()
export class Budgets {
  readonly #accounts = new Map<string, RunAccount>();
  #asks: (urgent: boolean) => void = () => undefined;

  /** `asks` is called when the executor may have to be asked; `urgent`: at once. */
  onAsk(asks: (urgent: boolean) => void): void {
    this.#asks = asks;
  }

  get accounts(): Iterable<RunAccount> {
    return this.#accounts.values();
  }

  /** What an attempt's calls need something of; null where its run has no budget. */
  of({ ownerId, token, budgeted }: Pick<Assignment, 'ownerId' | 'token' | 'budgeted'>): AttemptBudget | null {
    return budgeted ? new AttemptBudget(this.#account(ownerId), token) : null;
  }

  #account(ownerId: string): RunAccount {
    const known = this.#accounts.get(ownerId);
    if (known) return known;
    const account = new RunAccount(ownerId, (urgent) => this.#asks(urgent));
    this.#accounts.set(ownerId, account);
    return account;
  }
}
