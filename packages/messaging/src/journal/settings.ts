import { DiscardPolicy, RetentionPolicy, StorageType, type StreamConfig } from '@nats-io/jetstream';
import { journalStream, journalSubjects } from '@apwa/contracts';

/**
 * Every JetStream stream of APWA's is named like this and a number; no other is ever touched.
 */
export const JOURNAL_PREFIX = journalStream(0).slice(0, -1);

/**
 * How long JetStream remembers message ids; seconds. It has to cover one publish and its repeats after a lost acknowledgement:
 * a repeat that comes later is stored twice, which does no harm, because who reads the journal takes one result per row. Ids
 * cost memory for the whole of the window, and each remembered one is a trap for whoever used it twice (HAZARDS H5, K8).
 */
const DUPLICATE_WINDOW_S = 10;

/**
 * The most that the stream may take on disk, unless the installation says otherwise. It has to stay well below the disk: a full
 * disk makes JetStream switch itself off (K5), a full stream only makes members hold their answers and wait. The journal
 * holds what is not committed yet, some thousand rows per member.
 */
export const MAX_BYTES = 1024 * 1024 * 1024;

const NANOS_PER_SECOND = 1_000_000_000;

export const journalConfig = (incarnation: number, maxBytes = MAX_BYTES) =>
  ({
    name: journalStream(incarnation),
    subjects: [journalSubjects(incarnation)],
    description: 'Finished rows of attempts that are not committed yet',
    // On disk: a NATS that restarts must not cost the calls of all open shards.
    storage: StorageType.File,
    // One copy: the journal saves calls, the truth is in Postgres and in parts. Reads are consistent with it as well (K8).
    num_replicas: 1,
    // Messages stay until the sweeper purges them: several attempts may have to read them.
    retention: RetentionPolicy.Limits,
    // When it is full new messages are refused, so that nothing that was acknowledged is dropped (K5).
    discard: DiscardPolicy.New,
    max_bytes: maxBytes,
    // No age limit: a run that was paused for days goes on where it stood; the sweeper follows the ledger (K6).
    max_age: 0,
    max_msgs: -1,
    max_msgs_per_subject: -1,
    max_consumers: -1,
    duplicate_window: DUPLICATE_WINDOW_S * NANOS_PER_SECOND,
    // A consumer per shard takes many seconds when hundreds are taken over; batched direct gets take none to set up (K8).
    allow_direct: true,
  }) satisfies Partial<StreamConfig>;
