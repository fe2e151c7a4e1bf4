import { ApwaError, type BudgetAnswer, type BudgetQuestion } from '@apwa/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { AnsweredRows } from '../journal/answered-rows.js';
import { type StageChange } from '../ledger/ledger-writer.js';
import { NoticesService } from '../notices/notices.service.js';
import { LOG, type Logger } from '../settings.js';
import { StagesRepository } from '../stages/stages.repository.js';
import { answer, reservedAfter, settlement, usedUpMessage } from './account.js';
import { BudgetsRepository } from './budgets.repository.js';

/** Leases that are settled in one round of the sweeper. */
const PER_ROUND = 20;
/** The journals of one member are read for so long at most, round after round. Milliseconds. */
const READ_MS = 5_000;

/**
 * What runs may spend. Every lease is written down before it is given, under the epoch of this executor and the lock of the run's budget:
 * neither a restart nor a second executor can give the same money twice (HAZARDS H14, H16).
 */
@Injectable()
export class BudgetsService {
  constructor(
    private readonly database: Database,
    private readonly budgets: BudgetsRepository,
    private readonly stages: StagesRepository,
    private readonly answered: AnsweredRows,
    private readonly notices: NoticesService,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  async answer(memberId: string, questions: readonly BudgetQuestion[]): Promise<BudgetAnswer[]> {
    const answers: BudgetAnswer[] = [];
    // In one order for all members, as each waits for the lock of a run.
    for (const question of [...questions].sort((a, b) => (a.ownerId < b.ownerId ? -1 : 1)))
      answers.push(await this.#answer(memberId, question));
    return answers;
  }

  /** Gives back what members that are gone have not spent. */
  async settle(): Promise<void> {
    const dead = await this.database.read((queries) => this.budgets.dead(queries, PER_ROUND));
    for (const one of dead) {
      const { ownerId, memberId, lease, attempts } = one;
      try {
        const spent = settlement(lease, await this.answered.spentBy(attempts, AbortSignal.timeout(READ_MS)));
        const changes = await this.database.transaction(async (queries) =>
          (await this.budgets.settle(queries, one, spent)) ? this.stages.touch(queries, { ownerId }) : null,
        );
        if (changes === null) continue;
        for (const change of changes) this.notices.stage(change);
        this.log.info({ ownerId, memberId, held: lease.holds, spent }, 'what a member that is gone held of a budget is settled');
      } catch (thrown) {
        // Until then all of it counts as spent.
        this.log.warn({ ownerId, memberId, error: ApwaError.from(thrown).toPayload() }, 'a budget could not be settled yet');
      }
    }
  }

  async #answer(memberId: string, question: BudgetQuestion): Promise<BudgetAnswer> {
    const { ownerId, sequence } = question;
    const { holds, changes } = await this.database.transaction(async (queries) => {
      const found = await this.budgets.lockFor(queries, ownerId, memberId);
      const none: StageChange[] = [];
      if (!found) return { holds: null, changes: none };
      // It was overtaken by a later one, and nobody waits for it any more.
      if (sequence <= found.sequence) return { holds: found.holds, changes: none };
      const verdict = answer(found.account, question);
      const reserved = reservedAfter(question, verdict.holds);
      await this.budgets.note(queries, memberId, { ...question, reserved }, verdict.holds);
      if (verdict.usedUp === null) return { holds: verdict.holds, changes: none };
      const message = usedUpMessage(ownerId, verdict.usedUp, found.account, question);
      return { holds: verdict.holds, changes: await this.stages.pauseForBudget(queries, ownerId, message) };
    });
    if (changes.length > 0) this.log.info({ ownerId }, 'stages are paused: the budget of their run is used up');
    for (const change of changes) this.notices.stage(change);
    return { ownerId, sequence, holds };
  }
}
