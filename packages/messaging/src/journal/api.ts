import { JetStreamApiCodes, JetStreamApiError, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { ApwaError, type JournalPlace, TransientError } from '@apwa/contracts';
import { type Messaging } from '../messaging.js';

/** How long an answer of JetStream's API is waited for, the wait for a connection not counted; milliseconds. */
const API_TIMEOUT_MS = 5_000;
/** How long the API waits for a connection; milliseconds. */
const CONNECT_WAIT_MS = 10_000;

/**
 * JetStream's management calls, with errors of ours: TransientError `journal_unavailable` for whatever is wrong with NATS (not
 * connected, JetStream off or without space). What a missing stream means is the caller's to say.
 */
export class JournalApi {
  private manager: Promise<JetStreamManager> | null = null;

  constructor(private readonly messaging: Messaging) {}

  /** Gives `missing` if the stream does not exist. */
  async call<T, M>(work: (manager: JetStreamManager) => Promise<T>, missing: M): Promise<T | M> {
    try {
      await this.messaging.whenConnected(AbortSignal.timeout(CONNECT_WAIT_MS));
      // `checkAPI` off: whether JetStream is on is found out by each call, and may change.
      this.manager ??= jetstreamManager(this.messaging.connection, { checkAPI: false, timeout: API_TIMEOUT_MS });
      return await work(await this.manager);
    } catch (thrown) {
      if (thrown instanceof JetStreamApiError && thrown.code === JetStreamApiCodes.StreamNotFound) return missing;
      if (thrown instanceof ApwaError) throw thrown;
      throw unavailable(thrown);
    }
  }

  async exists(stream: string): Promise<boolean> {
    return (await this.call((manager) => manager.streams.info(stream), null)) !== null;
  }

  /** What it means that nobody took a message for the stream: JetStream is off (TransientError `journal_unavailable`) or … */
  async explainSilence(place: JournalPlace): Promise<TransientError> {
    return (await this.exists(place.stream)) ? unavailable(`${place.stream} does not answer`) : lost(place);
  }
}

/** NATS came back without the stream: what it held is gone, and the executor makes the next incarnation (HAZARDS H9). */
export const lost = (place: JournalPlace) =>
  new TransientError('journal_lost', `The journal's stream ${place.stream} does not exist any more.`, { field: place.stream });

const unavailable = (cause: unknown) => {
  const text = cause instanceof Error ? cause.message : String(cause);
  return new TransientError('journal_unavailable', `JetStream does not serve the journal: ${text}`, { cause });
};
