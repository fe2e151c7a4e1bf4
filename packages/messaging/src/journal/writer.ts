import { Injectable, Logger } from '@nestjs/common';
import { headers, type MsgHdrs } from '@nats-io/transport-node';
import { PubHeaders } from '@nats-io/jetstream';
import { InternalError, JournalBatch, type JournalPlace, PermanentError, TransientError } from '@apwa/contracts';
import { z } from 'zod';
import { pause } from '../abort.js';
import { Messaging } from '../messaging.js';
import { decodeJson, encodeJson } from '../wire.js';
import { JournalApi } from './api.js';
import { Places } from './places.js';

/** Batches that are on their way to NATS at once; with `INLINE_BYTES` each that is 16 MiB at most. Others wait their turn. */
const MAX_IN_FLIGHT = 64;

/** An acknowledgement that takes longer is asked for again; milliseconds. */
const ACK_TIMEOUT_MS = 3_000;
/** The first wait before a repeat, doubled each time up to the last, with jitter; milliseconds. */
const FIRST_WAIT_MS = 50;
const LAST_WAIT_MS = 2_000;

/** JetStream's answer to a publish. */
const PublishAnswer = z.union([
  z.object({ error: z.object({ code: z.number(), err_code: z.number().optional(), description: z.string().optional() }) }),
  z.object({ stream: z.string().min(1), seq: z.number(), duplicate: z.boolean().optional() }),
]);

/** Errors after which the batch may have been stored although no acknowledgement came. */
const UNSURE = ['deadline_exceeded', 'connection_lost', 'responder_lost'];

/** JetStream's error codes for a stream, an account or a disk that has no room for another message. */
const NO_ROOM = [10_023, 10_047, 10_077];
/** JetStream's error codes that no waiting cures. */
const MESSAGE_TOO_LARGE = 10_054;
const WRONG_STREAM = 10_060;

/** Why no more batches are taken: there is no room for them, JetStream does not serve the journal at all, or NATS cannot be reached. */
export type JournalRefusal = 'full' | 'off' | 'away';

/** Writes the journal of a member's attempts. */
@Injectable()
export class JournalWriter {
  private readonly log = new Logger('Journal');
  private readonly api: JournalApi;
  private readonly places: Places;
  private stalled = false;
  /** Batches that JetStream has refused and that wait to be taken, by id. */
  private readonly refused = new Map<string, JournalRefusal>();
  private readonly watchers = new Set<() => void>();

  constructor(
    private readonly messaging: Messaging,
    maxInFlight = MAX_IN_FLIGHT,
  ) {
    this.api = new JournalApi(messaging);
    this.places = new Places(maxInFlight);
    messaging.onDisconnect(() => this.changed());
    messaging.onReconnect(() => this.changed());
  }

  /** Null while no batch waits because it was refused, and NATS is there: new ones would only wait beside it. */
  get refusal(): JournalRefusal | null {
    const reasons = [...this.refused.values()];
    if (reasons.includes('full')) return 'full';
    return reasons[0] ?? (this.messaging.connected ? null : 'away');
  }

  /** Called when the journal begins to refuse batches, and when it takes all of them again. Answers what ends that. */
  onRefusal(changed: () => void): () => void {
    this.watchers.add(changed);
    return () => void this.watchers.delete(changed);
  }

  /**
   * Resolves when the batch is stored. While NATS is away, full or slow it holds the batch and tries again, for as long as
   * `signal` lets it. `(token, sequence)` must never be used for anything else, also not after a purge (HAZARDS H5).
   * Throws TransientError `journal_lost` (the stream is gone: journal again with the next incarnation), InternalError
   * `journal_id_reused`, PermanentError `journal_too_large`, or the signal's reason.
   */
  async publish(place: JournalPlace, batch: JournalBatch, signal?: AbortSignal): Promise<void> {
    const data = encodeJson(batch);
    const id = `${batch.token}.${batch.sequence}`;
    const release = await this.places.take(signal);
    try {
      await this.store(place, id, data, signal);
    } finally {
      this.noteRefusal(id, null);
      release();
    }
  }

  private async store(place: JournalPlace, id: string, data: Uint8Array, signal?: AbortSignal): Promise<void> {
    let mayBeStored = false;
    for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LAST_WAIT_MS)) {
      const outcome = await this.tryOnce(place, id, data, signal);
      if (outcome.kind === 'stored') {
        this.noteRefusal(id, null);
        this.wentOn();
        // On a repeat the duplicate is our own earlier try whose acknowledgement was lost.
        if (outcome.duplicate && !mayBeStored)
          throw new InternalError('journal_id_reused', `The journal has seen the id ${id} before: the batch was not stored.`, {
            value: id,
          });
        return;
      }
      mayBeStored ||= outcome.mayBeStored;
      this.noteRefusal(id, outcome.refusal);
      this.stall(outcome.why);
      await pause(wait * (0.5 + Math.random() / 2), signal);
    }
  }

  private async tryOnce(place: JournalPlace, id: string, data: Uint8Array, signal?: AbortSignal): Promise<Outcome> {
    try {
      await this.messaging.whenConnected(signal);
      const message = await this.messaging.inbox.send(place.subject, data, {
        deadlineMs: ACK_TIMEOUT_MS,
        headers: publishHeaders(place, id),
        signal,
      });
      return outcomeOf(place, PublishAnswer.parse(decodeJson(message.data)));
    } catch (thrown) {
      if (!(thrown instanceof TransientError) || thrown.code === 'connection_closed') throw tooLarge(thrown) ?? thrown;
      if (thrown.code !== 'no_responder')
        return { kind: 'again', mayBeStored: UNSURE.includes(thrown.code), refusal: 'away', why: thrown.message };
    }
    const silence = await this.api.explainSilence(place).catch((error: unknown) => error);
    if (silence instanceof TransientError && silence.code !== 'journal_lost')
      return { kind: 'again', mayBeStored: false, refusal: 'off', why: silence.message };
    throw silence;
  }

  private noteRefusal(id: string, refusal: JournalRefusal | null): void {
    const before = this.refusal;
    if (refusal === null) this.refused.delete(id);
    else this.refused.set(id, refusal);
    if (this.refusal !== before) this.changed();
  }

  private changed(): void {
    for (const changed of [...this.watchers]) changed();
  }

  /** One line when it begins, one when it goes on: not one per try, nor one per small batch for which there is room still. */
  private stall(why: string): void {
    if (!this.stalled) this.log.warn(`The journal waits: ${why}`);
    this.stalled = true;
  }

  private wentOn(): void {
    if (!this.stalled || this.refused.size > 0) return;
    this.log.log('The journal goes on');
    this.stalled = false;
  }
}

type Outcome =
  { kind: 'stored'; duplicate: boolean } | { kind: 'again'; mayBeStored: boolean; refusal: JournalRefusal | null; why: string };

const outcomeOf = (place: JournalPlace, answer: z.infer<typeof PublishAnswer>): Outcome => {
  if (!('error' in answer)) return { kind: 'stored', duplicate: answer.duplicate ?? false };
  const { code, err_code: errorCode, description = 'no reason given' } = answer.error;
  if (errorCode === MESSAGE_TOO_LARGE) throw new PermanentError('journal_too_large', description, { field: place.subject });
  if (errorCode === WRONG_STREAM)
    throw new InternalError('journal_misplaced', `The subject ${place.subject} is not one of ${place.stream}.`, { field: place.subject });
  // 5xx: the server has no room or no peer at the moment; whatever else is wrong with the request will stay so.
  if (code >= 500) {
    const refusal = errorCode !== undefined && NO_ROOM.includes(errorCode) ? 'full' : 'off';
    return { kind: 'again', mayBeStored: false, refusal, why: `JetStream refuses what comes (${description})` };
  }
  throw new InternalError('journal_refused', `JetStream refused a batch: ${description}`, { field: place.subject, value: answer.error });
};

const publishHeaders = (place: JournalPlace, id: string): MsgHdrs => {
  const result = headers();
  result.set(PubHeaders.MsgIdHdr, id);
  result.set(PubHeaders.ExpectedStreamHdr, place.stream);
  return result;
};

const tooLarge = (thrown: unknown): PermanentError | null =>
  thrown instanceof Error && 'code' in thrown && thrown.code === 'too_large'
    ? new PermanentError('journal_too_large', thrown.message, { cause: thrown })
    : null;
