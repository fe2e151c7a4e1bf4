import { Injectable, Logger } from '@nestjs/common';
import { type JetStreamManager, type StoredMsg } from '@nats-io/jetstream';
import { JournalBatch, type JournalPlace, TransientError } from '@apwa/contracts';
import { Messaging } from '../messaging.js';
import { decodeJson } from '../wire.js';
import { JournalApi, lost } from './api.js';
import { reasonOf } from '../abort.js';

/** Messages of one direct get; with the limit in bytes it bounds what a reader holds. */
const PAGE_MESSAGES = 1_000;
/** NATS ends a page when it has passed this. */
const PAGE_BYTES = 4 * 1024 * 1024;
/** A page whose next message takes longer than this is asked for again; milliseconds. */
const IDLE_MS = 3_000;
/** Pages that fail one after another before the reader gives up. */
const TRIES = 5;

/** Reads the journals of a shard's attempts by batched direct gets: no consumer is set up, and many can read at once (K8). */
@Injectable()
export class JournalReader {
  private readonly log = new Logger('Journal');
  private readonly api: JournalApi;

  constructor(private readonly messaging: Messaging) {
    this.api = new JournalApi(messaging);
  }

  /**
   * All batches of `place.shardSubjects` in the order in which they were stored; none if nothing was. A batch may come twice,
   * and two attempts may hold the same row: take the first result of a row. What is no batch is logged and left out, which
   * costs its rows' calls. Goes on after a lost connection. Throws TransientError `journal_lost | journal_unavailable`.
   */
  async *read(place: JournalPlace, signal?: AbortSignal): AsyncIterable<JournalBatch> {
    for (let next = 1, failures = 0; ;) {
      signal?.throwIfAborted();
      let page: Page;
      try {
        page = await this.page(place, next, signal);
        failures = 0;
      } catch (thrown) {
        failures += 1;
        if (!(thrown instanceof TransientError) || thrown.code !== 'journal_unavailable' || failures >= TRIES) throw thrown;
        await this.messaging.whenConnected(signal);
        continue;
      }
      for (const message of page.messages) {
        const batch = this.parse(message);
        if (batch) yield batch;
        next = message.seq + 1;
      }
      if (page.last) return;
    }
  }

  private async page(place: JournalPlace, from: number, signal?: AbortSignal): Promise<Page> {
    const page = await this.api.call((manager) => this.get(manager, place, from, signal), null);
    if (!page) throw lost(place);
    if (page !== 'nobody') return page;
    throw await this.api.explainSilence(place);
  }

  private get(manager: JetStreamManager, place: JournalPlace, from: number, signal?: AbortSignal): Promise<Page | 'nobody'> {
    return new Promise<Page | 'nobody'>((resolve, reject) => {
      const messages: StoredMsg[] = [];
      const stopped = this.messaging.onDisconnect(() => settle(() => reject(new Error('the connection broke'))));
      const aborted = () => settle(() => reject(reasonOf(signal)));
      signal?.addEventListener('abort', aborted, { once: true });
      const idle = setTimeout(() => settle(() => reject(new Error(`silent for ${IDLE_MS} ms`))), IDLE_MS);
      let settled = false;
      let stop = () => {};
      const settle = (act: () => void) => {
        if (settled) return;
        settled = true;
        clearTimeout(idle);
        stopped();
        signal?.removeEventListener('abort', aborted);
        stop();
        act();
      };
      const finish = (error: Error | undefined) => {
        const status = statusOf(error);
        if (!error || status === NOTHING) resolve({ messages, last: messages.length === 0 || messages.at(-1)?.pending === 0 });
        else if (status === NOBODY) resolve('nobody');
        else reject(error);
      };
      const options = {
        seq: from,
        batch: PAGE_MESSAGES,
        max_bytes: PAGE_BYTES,
        next_by_subj: place.shardSubjects,
        callback: (done: { err?: Error } | null, message: StoredMsg) => {
          if (!done) {
            messages.push(message);
            idle.refresh();
          } else settle(() => finish(done.err));
        },
      };
      manager.direct.getBatch(place.stream, options).then(
        (iterator) => {
          stop = () => iterator.stop();
          if (settled) stop();
        },
        (error: Error) => settle(() => reject(error)),
      );
    });
  }

  private parse(message: StoredMsg): JournalBatch | null {
    try {
      return JournalBatch.parse(decodeJson(message.data));
    } catch {
      this.log.warn(`Message ${message.seq} of ${message.subject} is no batch of the journal; left out`);
      return null;
    }
  }
}

interface Page {
  messages: StoredMsg[];
  /** Nothing comes after it. */
  last: boolean;
}

/** NATS' answer when no stream of that name takes direct gets. */
const NOBODY = 503;
/** NATS' answer when the stream has no (further) message of the subjects. */
const NOTHING = 404;
const statusOf = (error: Error | undefined) => (error && 'code' in error ? error.code : undefined);
