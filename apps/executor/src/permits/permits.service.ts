import { ApwaError, type executorOperations, isOfModel, type PermitPlace, type PermitQuestion } from '@apwa/contracts';
import { RateLimitsConfig } from '@apwa/config';
import { Inject, Injectable } from '@nestjs/common';
import { type z } from 'zod';
import { BudgetsService } from '../budgets/budgets.service.js';
import { Database } from '../database/database.js';
import { EpochService } from '../epoch/epoch.service.js';
import { CONFIG, type Config, LOG, type Logger } from '../settings.js';
import { type KnownEndpoint, endpointsOf, placeKey } from './endpoints.js';
import { Meter, TERM_MS } from './meter.js';
import { ProviderPauses } from './provider-pauses.js';
import { CONFIRMED_MS, RunShares } from './run-shares.js';
import { waitsFor, type Wait } from './waits.js';

type Request = z.output<typeof executorOperations.permits.request>;
type Reply = z.input<typeof executorOperations.permits.reply>;

/** Members ask this often while they need permits … Milliseconds. */
const AGAIN_MS = 200;
/** … or less often where there are very many of them: so many questions a second in all. */
const QUESTIONS_PER_SECOND = 250;
const SLOWEST_MS = 800;
/** Endpoints that this configuration does not have: so many are kept, those that were asked about last. */
const STRANGERS = 1_000;

/**
 * Hands out permits for calls of models, and of capabilities that are limited. What is known is in memory: after a restart it is learned again, and nothing that is counted is
 * given before everything that the executor before may have given is void.
 */
@Injectable()
export class PermitsService {
  readonly #places: Map<string, KnownEndpoint>;
  readonly #meters = new Map<KnownEndpoint, Meter>();
  /** Accounts of capabilities; endpoints of members whose configuration is another one: nothing is configured for them. */
  readonly #strangers = new Map<string, KnownEndpoint>();
  readonly #answered = new Set<string>();
  readonly #members = new Map<string, number>();
  readonly #waits = new Map<Meter, Wait>();
  #quietUntil = -Infinity;

  constructor(
    private readonly database: Database,
    private readonly epoch: EpochService,
    private readonly shares: RunShares,
    private readonly pauses: ProviderPauses,
    private readonly budgets: BudgetsService,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOG) private readonly log: Logger,
  ) {
    this.#places = endpointsOf(config);
  }

  /** Once, when the epoch is taken. */
  async start(): Promise<void> {
    if (this.epoch.epoch > 1) this.#quietUntil = performance.now() + TERM_MS + CONFIRMED_MS;
    const rows = await this.database.read((queries) => queries.endpoint.findMany({ select: { id: true } }));
    for (const { id } of rows) this.#answered.add(id);
  }

  /** TransientError `executor_replaced`, `database_unavailable`: then nobody can be sure that permits are this executor's to give. */
  async answer({ memberId, epoch, endpoints, budgets }: Request): Promise<Reply> {
    this.epoch.heard(epoch);
    await this.shares.fresh([...new Set(endpoints.flatMap(({ wants }) => wants.map(({ ownerId }) => ownerId)))]);
    const spending = budgets.length > 0 ? await this.budgets.answer(memberId, budgets) : [];
    const now = performance.now();
    this.#members.set(memberId, now);
    const answers = endpoints.map((question) => {
      const known = this.#endpoint(question.place);
      const meter = this.#meter(known, now);
      const knownBefore = meter.known;
      const answer = meter.ask(now, memberId, question, (ownerId) => this.shares.weightOf(ownerId));
      if (meter.known && !knownBefore && isOfModel(question.place)) this.#remember(known);
      return answer;
    });
    for (const question of endpoints) this.#pauseIfExhausted(question, now);
    return { epoch: this.epoch.epoch, termMs: TERM_MS, againMs: this.#againMs(now), endpoints: answers, budgets: spending };
  }

  /** The member is gone for certain: what it had under way is free at once. */
  forget(memberId: string): void {
    this.#members.delete(memberId);
    for (const meter of this.#meters.values()) meter.forget(memberId);
  }

  /** Somebody has runs over these models go on: endpoints that took no calls are asked at once. */
  retry(models: readonly string[]): void {
    for (const model of models) for (const meter of this.#metersOf(model)) meter.retry(performance.now());
  }

  /** Why nobody calls a model just now, in a sentence that changes only when the reason does; null if somebody may. */
  waitingFor(model: string): string | null {
    return waitsFor(model, this.#metersOf(model), this.#waits, performance.now());
  }

  #endpoint(place: PermitPlace): KnownEndpoint {
    const key = placeKey(place);
    const known = this.#places.get(key);
    if (known) return known;
    const stranger = this.#strangers.get(key) ?? { id: key, limits: RateLimitsConfig.parse(isOfModel(place) ? {} : (place.limits ?? {})) };
    this.#strangers.delete(key);
    this.#strangers.set(key, stranger);
    const [oldest] = this.#strangers;
    if (this.#strangers.size > STRANGERS && oldest) {
      this.#strangers.delete(oldest[0]);
      this.#meters.delete(oldest[1]);
    }
    return stranger;
  }

  #meter(endpoint: KnownEndpoint, now: number): Meter {
    const known = this.#meters.get(endpoint);
    if (known) return known;
    const meter = new Meter(endpoint.limits, now, this.#quietUntil);
    meter.known = this.#answered.has(endpoint.id);
    this.#meters.set(endpoint, meter);
    return meter;
  }

  #metersOf(model: string): Meter[] {
    const count = Object.hasOwn(this.config.models, model) ? (this.config.models[model]?.endpoints.length ?? 0) : 0;
    return Array.from({ length: count }, (_, endpoint) => this.#meter(this.#endpoint({ model, endpoint }), performance.now()));
  }

  /** Not while an endpoint is asked whether it has quota again. */
  #pauseIfExhausted({ place, wants }: PermitQuestion, now: number): void {
    if (!isOfModel(place)) return;
    const { model } = place;
    const owners = wants.map(({ ownerId }) => ownerId).filter((ownerId) => this.shares.weightOf(ownerId) !== null);
    const circuits = this.#metersOf(model).map(({ circuit }) => circuit);
    if (owners.length === 0 || circuits.length === 0) return;
    const spent = circuits.filter((one) => one.state === 'open' && one.why === 'quota' && one.probe === null && one.nextProbeAt > now);
    const [first] = spent;
    if (spent.length < circuits.length || first?.state !== 'open') return;
    void this.pauses.pause(model, owners, first.message);
  }

  /** It only matters after a restart: what cannot be written now is written when it answers somebody again then. */
  #remember({ id }: KnownEndpoint): void {
    if (this.#answered.has(id)) return;
    this.#answered.add(id);
    this.database
      .transaction((queries) => queries.$executeRaw`INSERT INTO endpoints (id) VALUES (${id}) ON CONFLICT DO NOTHING`)
      .catch((thrown: unknown) => this.log.warn({ error: ApwaError.from(thrown).toPayload() }, 'an endpoint could not be remembered'));
  }

  #againMs(now: number): number {
    for (const [memberId, askedAt] of this.#members) if (now - askedAt > TERM_MS) this.#members.delete(memberId);
    return Math.round(Math.min(SLOWEST_MS, Math.max(AGAIN_MS, (this.#members.size / QUESTIONS_PER_SECOND) * 1_000)));
  }
}
