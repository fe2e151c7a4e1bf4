import {
  type Amounts,
  type Assignment,
  ApwaError,
  type EndpointNews,
  noNews,
  executorOperations as operations,
  newId,
  noAmounts,
  type Operation,
  type Stage,
} from '@apwa/contracts';
import { type z } from 'zod';
import { mapWork, type TestMember, type World } from '../world.js';
import { type Patience, pause } from './patience.js';

const ROWS = 6;
/** Milliseconds between two looks at what others have to do first. */
const LOOK_MS = 20;
const usd = (amount: number): Amounts => ({ ...noAmounts(), usd: amount });

/** What is asked of the executor beside the work of members: by users, by the manager, and about stages that come to no good end. */
export class Errands {
  /** Stages of these errands that stay in the ledger, with the state that they have to be in at last. */
  readonly ends = new Map<string, Stage['state']>();
  #member!: TestMember;

  constructor(
    private readonly world: World,
    private readonly patience: Patience,
  ) {}

  async run(): Promise<void> {
    this.#member = await this.patience.ask(() => this.world.member('large'));
    await this.#failed();
    await this.#cancelled();
    await this.#outOfQuota();
    await this.#outOfBudget();
    await this.#tooLarge();
  }

  /** One that is asked about in every way, fails by the word of its holder, and is forgotten. */
  async #failed(): Promise<void> {
    const { id: stageId, ownerId } = await this.#submit();
    const one = await this.#claim(stageId);
    await this.#ask(operations.listStages, { owners: [ownerId], seen: {} });
    await this.#ask(operations.getStageWork, { stageId });
    await this.#ask(operations.listCommittedShards, { stageId, after: -1, limit: 5 });
    await this.#ask(operations.listMembers, {});
    await this.#ask(operations.listPools, {});
    await this.#ask(operations.unnamedKeys, { keys: [`parts/${stageId}/${one.shardId}.${one.token}.parquet`] });
    const fault = { code: 'model_refused', class: 'permanent' as const, message: 'The key is wrong.' };
    await this.#ask(operations.failStage, { stageId, token: one.token, fault });
    // On a busy machine the lease may have run out before its holder said so.
    while ((await this.#ask(operations.getStage, { stageId })).state === 'running')
      await this.#ask(operations.failStage, { stageId, token: (await this.#claim(stageId)).token, fault });
    await this.#ask(operations.forgetStages, { ownerId });
    const [left] = await this.world.sql('SELECT 1 FROM stages WHERE id = $1', [stageId]);
    if (left) throw new Error(`stage ${stageId} was forgotten, and is there`);
  }

  async #cancelled(): Promise<void> {
    const { id: stageId, ownerId } = await this.#submit();
    await this.#member.write(await this.#claim(stageId));
    await this.#cancel(ownerId, 1, stageId);
  }

  /** Paused by its provider, resumed by its user. */
  async #outOfQuota(): Promise<void> {
    const { id: stageId, ownerId } = await this.#submit();
    const wants = [{ ownerId, inFlight: 0, toBegin: 1, calls: 1, tokens: 0, next: 0 }];
    const question = { place: { model: 'small', endpoint: 0 }, wants, returns: { calls: 0, tokens: 0 }, correction: 0, news: EXHAUSTED };
    await this.#until(stageId, 'provider', () => this.#permits({ endpoints: [question] }));
    // Twice, as if the first answer was lost.
    for (let n = 0; n < 2; n++) await this.#ask(operations.controlRun, { ownerId, version: 1, state: 'active' });
    await this.#until(stageId, undefined);
    // Whether there is quota again is found out, however often the answer to the resume was lost.
    const { endpoints } = await this.#permits({ endpoints: [{ ...question, news: { ...EXHAUSTED, exhausted: null } }] });
    if (!endpoints[0]?.probe) throw new Error('the endpoint of a run that was resumed is not asked');
    await this.#cancel(ownerId, 2, stageId);
  }

  async #outOfBudget(): Promise<void> {
    const terms = (version: number, amount: number) => ({ version, usd: amount, tokens: null, rows: null, planning: noAmounts() });
    const { id: stageId, ownerId } = await this.#submit({ budget: terms(1, 1) });
    let sequence = 0;
    const ask = () => {
      const question = {
        ownerId,
        sequence: ++sequence,
        spent: usd(1),
        open: usd(0),
        reserved: usd(0),
        holds: usd(1),
        wants: usd(1),
        next: usd(1),
      };
      return this.#permits({ endpoints: [], budgets: [question] });
    };
    await this.#until(stageId, 'budget', ask);
    await this.#ask(operations.controlRun, { ownerId, version: 1, state: 'active', budget: terms(2, 100) });
    await this.#until(stageId, undefined);
    await this.#cancel(ownerId, 2, stageId);
  }

  /** The member has grown too large, is told to go, and goes. */
  async #tooLarge(): Promise<void> {
    let drain = false;
    while (!drain && !this.patience.over) {
      const told = await this.#known(() => this.#member.heartbeat({ residentMb: 10_000, attempts: [] }));
      drain = told?.drain ?? false;
      if (!drain) await pause(LOOK_MS);
    }
    await this.#known(() => this.#member.heartbeat({ state: 'stopped', attempts: [] }));
  }

  #submit(more: Parameters<World['submit']>[1] = {}): Promise<Stage> {
    const submission = { stageId: newId('stage'), ownerId: newId('run'), work: mapWork(ROWS), resources: { gpus: 1 }, ...more };
    return this.patience.ask(() => this.world.submit(ROWS, submission));
  }

  /** A shard of the stage, however many claims were answered to nobody. */
  async #claim(stageId: string): Promise<Assignment> {
    for (;;) {
      const claimed = (await this.#known(() => this.#member.claim())) ?? [];
      const found = claimed.find((one) => one.stageId === stageId);
      if (found) return found;
      if (this.patience.over) throw new Error(`no shard of ${stageId} is given`);
      await pause(LOOK_MS);
      await this.#known(() => this.#member.heartbeat({ attempts: [] }));
    }
  }

  async #cancel(ownerId: string, version: number, stageId: string): Promise<void> {
    await this.#ask(operations.controlRun, { ownerId, version, state: 'cancelled' });
    this.ends.set(stageId, 'cancelled');
  }

  /** Until that has paused the stage. */
  async #until(
    stageId: string,
    kind: 'provider' | 'budget' | undefined,
    act: () => Promise<unknown> = () => Promise.resolve(),
  ): Promise<void> {
    for (;;) {
      await act();
      if ((await this.#ask(operations.getStage, { stageId })).pausedBy?.kind === kind) return;
      if (this.patience.over) throw new Error(`stage ${stageId} is not paused by ${kind ?? 'nothing'}`);
      await pause(LOOK_MS);
    }
  }

  #permits(questions: Pick<z.input<typeof operations.permits.request>, 'endpoints' | 'budgets'>) {
    return this.#ask(operations.permits, { memberId: this.#member.id, epoch: 0, ...questions });
  }

  /** Null if the executor had given it up: it has joined again. */
  async #known<T>(request: () => Promise<T>): Promise<T | null> {
    try {
      return await this.patience.ask(request);
    } catch (thrown) {
      if (ApwaError.from(thrown).code !== 'unknown_member') throw thrown;
      await this.patience.ask(() => this.#member.join());
      return null;
    }
  }

  #ask<O extends Operation>(operation: O, payload: z.input<O['request']>): Promise<z.output<O['reply']>> {
    return this.patience.ask(() => this.world.messaging.request(operation, payload));
  }
}

const EXHAUSTED: EndpointNews = { ...noNews(), exhausted: 'no credit is left' };
