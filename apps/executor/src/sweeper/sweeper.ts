import { ApwaError } from '@apwa/contracts';
import { Messaging } from '@apwa/messaging';
import { touchHealthFile } from '@apwa/service';
import { Inject, Injectable } from '@nestjs/common';
import { BudgetsService } from '../budgets/budgets.service.js';
import { Database } from '../database/database.js';
import { LeasesService } from '../ledger/leases.service.js';
import { MembersService } from '../members/members.service.js';
import { CONFIG, type Config, HEALTH_FILE, LOG, type Logger, TAKEOVERS_PER_SECOND, TIMES, type Timing } from '../settings.js';
import { ClockWatch } from './clock-watch.js';
import { Copies } from './copies.js';
import { Leftovers } from './leftovers.js';
import { Strays } from './strays.js';
import { Suspects } from './suspects.js';
import { Waiting } from './waiting.js';

/** A round that comes this many times later than it should tells that the process stood still: members could not renew either. */
const LATE = 4;

/**
 * What has to be done though nobody asks for it, round after round. Leases that ran out while members could not renew them (this
 * process, Postgres or NATS was away), or because a clock was set, are given one more lease first.
 */
@Injectable()
export class Sweeper {
  #disturbedAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();
  #stopped = true;
  #begun = 0;
  #stopFollowing: () => void = () => undefined;

  constructor(
    private readonly database: Database,
    private readonly messaging: Messaging,
    private readonly leases: LeasesService,
    private readonly members: MembersService,
    private readonly clock: ClockWatch,
    private readonly leftovers: Leftovers,
    private readonly strays: Strays,
    private readonly suspects: Suspects,
    private readonly copies: Copies,
    private readonly budgets: BudgetsService,
    private readonly waiting: Waiting,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(TIMES) private readonly times: Timing,
    @Inject(HEALTH_FILE) private readonly healthFile: string | null,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  start(): void {
    this.#stopped = false;
    this.#bePatient();
    this.database.onOutage(() => this.#bePatient());
    this.#stopFollowing = this.messaging.onReconnect(() => this.#bePatient());
    this.#next(0);
  }

  /** Resolves when the round under way is over. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#stopFollowing();
    await this.#round;
  }

  #next(afterMs: number): void {
    this.#timer = setTimeout(() => {
      this.#round = this.#sweep().finally(() => {
        if (!this.#stopped) this.#next(this.times.sweepMs);
      });
    }, afterMs);
  }

  async #sweep(): Promise<void> {
    const now = performance.now();
    if (this.#begun > 0 && now - this.#begun > LATE * this.times.sweepMs + this.config.executor.leaseMs / 2) this.#bePatient();
    this.#begun = now;
    try {
      if (await this.clock.look()) this.#bePatient();
      const calmMs = this.messaging.connected ? now - this.#disturbedAt : 0;
      if (calmMs >= this.config.executor.leaseMs) {
        await this.leases.expire(Math.max(1, Math.ceil((TAKEOVERS_PER_SECOND * this.times.sweepMs) / 1_000)));
        await this.members.sweep(this.config.executor.leaseMs);
      }
      // Whatever stood still for a while looks late.
      if (calmMs >= this.times.copyAfterMs) await this.copies.look();
      await this.budgets.settle();
      await this.waiting.look();
      await this.suspects.look();
      if (this.healthFile) await touchHealthFile(this.healthFile);
      await this.leftovers.sweep();
      await this.strays.look();
    } catch (thrown) {
      this.log.warn({ error: ApwaError.from(thrown).toPayload() }, 'a round of the sweeper was cut short');
    }
  }

  #bePatient(): void {
    this.#disturbedAt = performance.now();
  }
}
