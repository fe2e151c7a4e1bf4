import { Inject, Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { Database } from '../database/database.js';
import { answers, ofAnything } from '../database/errors.js';
import { type OwnerKind, OwnersRepository } from '../owners/owners.repository.js';
import { RunEvents } from '../runs/run-events.js';
import { LOG, type Logger, TIMES, type Timing } from '../settings.js';
import { type Action, type Desk, keyOf } from './desk.js';
import { afterFailure } from './pacing.js';
import { ProductDesk } from './product-desk.js';
import { RunDesk } from './run-desk.js';
import { Session } from './session.js';

/** Owners that are looked at at the same time: each look is some queries. */
const LOOKS_AT_ONCE = 6;
/** An action that succeeds this often and is asked for again is slowed down, so that a fault of ours is no busy loop. */
const REPEATS = 5;

/**
 * Brings everything unfinished to its end: looks at what is there, has done what is next, and looks again. What it does is
 * decided by what Postgres holds, never by what it remembers; so it may be killed at any point, and several of it may run.
 */
@Injectable()
export class Reconciler {
  /** New with every process. */
  private readonly holder = randomUUID();
  private readonly sessions = new Map<string, Session>();
  private readonly waiting: Session[] = [];
  private looks = 0;
  private stopped = false;
  private renewal: NodeJS.Timeout | null = null;

  constructor(
    private readonly database: Database,
    private readonly owners: OwnersRepository,
    private readonly runDesk: RunDesk,
    private readonly productDesk: ProductDesk,
    private readonly events: RunEvents,
    @Inject(TIMES) private readonly times: Timing,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  start(): void {
    this.renewal = setInterval(() => void this.renew(), this.times.renewMs);
    this.renewal.unref();
    this.events.onBegun((runId) => this.wake(runId));
  }

  /** Stops where everything is. Whoever starts next goes on there. */
  async stop(): Promise<void> {
    this.stopped = true;
    if (this.renewal) clearInterval(this.renewal);
    const sessions = [...this.sessions.values()];
    for (const session of sessions) session.abort(new Error('the manager stops'));
    await Promise.all(sessions.map(async ({ ownerId }) => this.owners.release(ownerId, this.holder).catch(() => undefined)));
  }

  /** Has an owner looked at, soon. */
  wake(ownerId: string): void {
    if (this.stopped) return;
    const session = this.sessions.get(ownerId) ?? new Session(ownerId);
    this.sessions.set(ownerId, session);
    if (session.dirty) return;
    session.dirty = true;
    if (session.looking) return;
    this.waiting.push(session);
    this.lookAtNext();
  }

  private lookAtNext(): void {
    while (this.looks < LOOKS_AT_ONCE) {
      const session = this.waiting.shift();
      if (!session) return;
      this.looks++;
      session.looking = true;
      void this.look(session).finally(() => {
        this.looks--;
        session.looking = false;
        if (session.dirty && !this.stopped) this.waiting.push(session);
        else if (session.idle) this.sessions.delete(session.ownerId);
        this.lookAtNext();
      });
    }
  }

  private async look(session: Session): Promise<void> {
    try {
      while (session.dirty && !this.stopped) {
        session.dirty = false;
        await this.evaluate(session);
      }
      if (session.inFlight.size === 0 && session.kind) await this.owners.release(session.ownerId, this.holder);
    } catch (thrown) {
      const error = ofAnything(thrown);
      this.log.warn({ owner: session.ownerId, error: error.toPayload() }, 'unfinished work could not be looked at');
      session.later(this.times.retryMaxMs / 4, () => this.wake(session.ownerId));
    }
  }

  private async evaluate(session: Session): Promise<void> {
    const { ownerId } = session;
    const acquired = await this.owners.acquire(ownerId, this.holder, this.times.leaseMs);
    switch (acquired.outcome) {
      case 'finished':
        session.kind = null;
        session.abort(new Error('it has ended'));
        return;
      case 'busy':
        session.kind = null;
        session.abort(new Error('another manager works on it'));
        session.later(this.times.renewMs, () => this.wake(ownerId));
        return;
      case 'held':
        session.kind = acquired.kind;
    }
    const desk = this.deskOf(acquired.kind);
    const { ended } = session;
    const actions = new Map((await desk.next(ownerId)).map((action) => [keyOf(action), action]));
    // Something ended while the facts were read: they may be those of before, and it has asked for another look.
    if (session.ended !== ended) return;
    for (const [key, controller] of session.inFlight) {
      if (!actions.has(key)) controller.abort(new Error('no longer wanted'));
    }
    for (const key of session.paced.keys()) if (!actions.has(key)) session.paced.delete(key);
    for (const [key, action] of actions) {
      const notBefore = session.paced.get(key)?.notBefore ?? 0;
      if (!session.inFlight.has(key) && notBefore <= performance.now()) this.launch(session, desk, key, action);
    }
  }

  private launch(session: Session, desk: Desk, key: string, action: Action): void {
    const controller = new AbortController();
    session.inFlight.set(key, controller);
    const { ownerId } = session;
    void desk
      .perform(ownerId, action, controller.signal)
      .then(
        () => this.succeeded(session, key),
        async (thrown: unknown) => {
          if (!controller.signal.aborted) await this.failed(session, desk, key, action, thrown);
        },
      )
      .catch((thrown: unknown) =>
        this.log.error(
          { owner: ownerId, action: key, error: ofAnything(thrown).toPayload() },
          'what became of an action could not be written',
        ),
      )
      .finally(() => {
        session.inFlight.delete(key);
        session.ended++;
        this.events.tell(ownerId, 'changed');
        this.wake(ownerId);
      });
  }

  private succeeded(session: Session, key: string): void {
    const tries = (session.paced.get(key)?.tries ?? 0) + 1;
    this.pace(session, key, tries, tries > REPEATS ? this.times.retryMs : 0);
  }

  private async failed(session: Session, desk: Desk, key: string, action: Action, thrown: unknown): Promise<void> {
    const { ownerId } = session;
    const error = ofAnything(thrown);
    const tries = (session.paced.get(key)?.tries ?? 0) + 1;
    const details = { owner: ownerId, action: key, tries, error: error.toPayload() };
    if (error.class === 'internal')
      this.log.error({ ...details, stack: thrown instanceof Error ? thrown.stack : undefined }, 'an action failed');
    else this.log.warn(details, 'an action failed');
    const after = afterFailure(error, tries, this.times);
    // Nothing is given up while Postgres is away: what failed may have failed for that.
    if (after.outcome === 'give_up' && (await answers(this.database))) return desk.giveUp(ownerId, action, error);
    this.pace(session, key, tries, after.outcome === 'again' ? after.afterMs : this.times.retryMaxMs);
  }

  private pace(session: Session, key: string, tries: number, afterMs: number): void {
    session.paced.set(key, { tries, notBefore: performance.now() + afterMs });
    if (afterMs > 0) session.later(afterMs + 1, () => this.wake(session.ownerId));
  }

  /** Renews the leases of what is under way, and looks at it: it may have been cancelled through another manager. */
  private async renew(): Promise<void> {
    const busy = [...this.sessions.values()].filter(({ inFlight }) => inFlight.size > 0).map(({ ownerId }) => ownerId);
    if (busy.length === 0) return;
    try {
      const held = new Set(await this.owners.renew(busy, this.holder, this.times.leaseMs));
      for (const id of busy) {
        if (!held.has(id)) this.sessions.get(id)?.abort(new Error('the lease was lost'));
        this.wake(id);
      }
    } catch (thrown) {
      this.log.warn({ error: ofAnything(thrown).toPayload() }, 'leases could not be renewed');
    }
  }

  private deskOf(kind: OwnerKind): Desk {
    switch (kind) {
      case 'run':
        return this.runDesk;
      case 'table':
      case 'export':
        return this.productDesk;
    }
  }
}
