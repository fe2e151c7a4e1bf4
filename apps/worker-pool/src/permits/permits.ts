import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { ApwaError, executorOperations, type PermitQuestion } from '@apwa/contracts';
import { Messaging } from '@apwa/messaging';
import { type ProbeResult } from '@apwa/model';
import { type Logger } from '@apwa/service';
import { LOG } from '../tokens.js';
import { Budgets } from '../budgets/budgets.js';
import { type RunAccount } from '../budgets/run-account.js';
import { type EndpointGate } from './endpoint-gate.js';
import { type CallGate } from './call-gate.js';

/** Between two questions, however much there is to say. Milliseconds. */
const LEAST_MS = 20;
/** After a question that was not answered. Milliseconds. */
const AFTER_FAILURE_MS = 250;

/** Endpoints, and budgets, in one question. */
const MOST = 500;

interface Open {
  readonly gate: CallGate;
  /** Asks an endpoint whether it is well. Null: nobody takes its silence for an outage. */
  readonly probe: ((endpoint: number, signal: AbortSignal) => Promise<ProbeResult>) | null;
}

/**
 * Asks the executor for permits, for all models, limited capabilities and budgets of this member in one question at a time and a little ahead of need; makes
 * the probes that it wants.
 */
@Injectable()
export class Permits implements OnApplicationShutdown {
  readonly #open: Open[] = [];
  readonly #stop = new AbortController();
  #memberId: string | null = null;
  #epoch = 0;
  #asking = false;
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Infinity;
  #notBefore = 0;
  readonly #probing = new Set<EndpointGate>();

  constructor(
    private readonly messaging: Messaging,
    private readonly budgets: Budgets,
    @Inject(LOG) private readonly log: Logger,
  ) {
    budgets.onAsk((urgent) => this.schedule(urgent));
  }

  /** The executor knows the member by this id from now on. */
  memberIs(memberId: string): void {
    this.#memberId = memberId;
    this.schedule();
  }

  /** Looks after a gate that was opened. */
  add(open: Open): void {
    this.#open.push(open);
  }

  /** Something may have to be asked; `urgent`: earlier than was thought. Called with each call of a model, so that most end at once. */
  schedule(urgent = true): void {
    if ((!urgent && this.#timerAt < Infinity) || this.#asking || this.#memberId === null || this.#stop.signal.aborted) return;
    const now = performance.now();
    let at = Infinity;
    for (const { gate } of this.#open) for (const endpoint of gate.endpoints) at = Math.min(at, endpoint.askAt(now, gate.waiting));
    for (const account of this.budgets.accounts) at = Math.min(at, account.askAt());
    at = Math.max(at, this.#notBefore, now);
    if (at === Infinity || at >= this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = at;
    this.#timer = setTimeout(() => void this.#ask(), Math.ceil(at - now));
  }

  onApplicationShutdown(): void {
    this.#stop.abort();
    clearTimeout(this.#timer);
    for (const { gate } of this.#open) gate.close();
  }

  async #ask(): Promise<void> {
    this.#timerAt = Infinity;
    const memberId = this.#memberId;
    if (memberId === null || this.#asking || this.#stop.signal.aborted) return;
    const sentAt = performance.now();
    const asked = this.#questions(sentAt);
    const accounts = this.#accounts();
    if (asked.length === 0 && accounts.length === 0) return;
    this.#asking = true;
    this.#notBefore = sentAt + LEAST_MS;
    try {
      const endpoints = asked.map(({ question }) => question);
      const budgets = accounts.map((account) => account.question(sentAt));
      const request = { memberId, epoch: this.#epoch, endpoints, budgets };
      const reply = await this.messaging.request(executorOperations.permits, request, { signal: this.#stop.signal });
      // An executor that was replaced, and does not know it yet: what it gives is void.
      if (reply.epoch < this.#epoch) return this.#unanswered(asked, accounts);
      // What is given of budgets is in Postgres: an executor that was replaced could not have given it.
      for (const answer of reply.budgets)
        for (const account of accounts) if (account.ownerId === answer.ownerId) account.answer(answer, reply.againMs);
      const fresh = this.#epoch > 0 && reply.epoch > this.#epoch;
      this.#epoch = reply.epoch;
      const now = performance.now();
      if (fresh) for (const { gate } of this.#open) for (const endpoint of gate.endpoints) endpoint.voidPermits();
      const terms = { termMs: reply.termMs, againMs: reply.againMs, fresh };
      for (const [index, { endpoint }] of asked.entries()) {
        const answer = reply.endpoints[index];
        if (answer) endpoint.answer(now, sentAt, answer, terms);
      }
      for (const gate of new Set(asked.map(({ gate: one }) => one))) gate.answered();
      this.#probe();
    } catch (thrown) {
      this.log.debug({ error: ApwaError.from(thrown).toPayload() }, 'no answer about permits');
      this.#unanswered(asked, accounts);
    } finally {
      this.#asking = false;
      this.schedule();
    }
  }

  #unanswered(asked: readonly { endpoint: EndpointGate; question: PermitQuestion }[], accounts: readonly RunAccount[]): void {
    this.#notBefore = performance.now() + AFTER_FAILURE_MS;
    for (const { endpoint, question } of asked) endpoint.unanswered(question);
    for (const account of accounts) account.unanswered();
  }

  /** Of every endpoint that is in use: one question costs hardly more for several. Of too many those that have waited longest. */
  #questions(now: number) {
    const due = this.#open.flatMap(({ gate }) =>
      gate.endpoints.map((endpoint, index) => ({ gate, endpoint, index, at: endpoint.askAt(now, gate.waiting) })),
    );
    const used = due.filter(({ at }) => at < Infinity).sort((a, b) => a.at - b.at);
    return used.slice(0, MOST).map(({ gate, endpoint, index }) => ({
      gate,
      endpoint,
      question: endpoint.question(now, gate.waitingFor(index), gate.mayBeDown(endpoint)),
    }));
  }

  /** Budgets have to be asked about with what else there is to say. */
  #accounts(): RunAccount[] {
    return [...this.budgets.accounts].filter((account) => account.askAt() < Infinity).slice(0, MOST);
  }

  #probe(): void {
    for (const { gate, probe } of this.#open)
      for (const [index, endpoint] of gate.endpoints.entries()) {
        if (!probe || !endpoint.probeWanted || this.#probing.has(endpoint)) continue;
        this.#probing.add(endpoint);
        void this.#probeOne(gate, endpoint, probe(index, this.#stop.signal));
      }
  }

  async #probeOne(gate: CallGate, endpoint: EndpointGate, probe: Promise<ProbeResult>): Promise<void> {
    const begunAt = performance.now();
    const result = await probe;
    this.#probing.delete(endpoint);
    if (this.#stop.signal.aborted) return;
    this.log.debug({ ...endpoint.place, result }, 'an endpoint was probed');
    endpoint.probed(begunAt, result);
    gate.answered();
    this.schedule();
  }
}
