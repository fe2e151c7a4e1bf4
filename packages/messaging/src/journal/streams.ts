import { Injectable } from '@nestjs/common';
import { journalStream, journalSubjects } from '@apwa/contracts';
import { Messaging } from '../messaging.js';
import { JournalApi } from './api.js';
import { journalConfig, JOURNAL_PREFIX, MAX_BYTES } from './settings.js';

/**
 * The journal's streams, for the executor, which alone makes and removes them. Every method throws TransientError
 * `journal_unavailable` while JetStream does not serve.
 */
@Injectable()
export class JournalStreams {
  private readonly api: JournalApi;

  constructor(
    messaging: Messaging,
    /** Bytes on disk at most; default 1 GiB. */
    private readonly maxBytes = MAX_BYTES,
  ) {
    this.api = new JournalApi(messaging);
  }

  /** Makes the incarnation's stream if need be, and brings one that is there to the present settings. */
  async ensure(incarnation: number): Promise<'present' | 'created'> {
    const config = journalConfig(incarnation, this.maxBytes);
    const updated = await this.api.call((manager) => manager.streams.update(config.name, config), null);
    if (updated) return 'present';
    // Idempotent: of two executors that make it at once both are told that they did.
    await this.api.call((manager) => manager.streams.add(config), null);
    return 'created';
  }

  async exists(incarnation: number): Promise<boolean> {
    return this.api.exists(journalStream(incarnation));
  }

  /** Removes the streams of all other incarnations: nobody writes to them any more, or finds out that they are lost. */
  async removeOthers(incarnation: number): Promise<void> {
    const names = await this.api.call(async (manager) => {
      const found: string[] = [];
      for await (const name of manager.streams.names()) found.push(name);
      return found;
    }, []);
    const others = names.filter((name) => /^\d+$/.test(name.slice(JOURNAL_PREFIX.length)) && name.startsWith(JOURNAL_PREFIX));
    for (const name of others)
      if (name !== journalStream(incarnation)) await this.api.call((manager) => manager.streams.delete(name), false);
  }

  /** The stages that messages are there of. */
  async stages(incarnation: number): Promise<Set<string>> {
    const options = { subjects_filter: journalSubjects(incarnation) };
    const info = await this.api.call((manager) => manager.streams.info(journalStream(incarnation), options), null);
    const at = journalSubjects(incarnation).split('.').length - 1;
    return new Set(Object.keys(info?.state.subjects ?? {}).map((subject) => subject.split('.')[at] ?? ''));
  }

  /**
   * Removes the messages of the subjects, for example of an attempt or of all attempts at a shard. Returns how many there
   * were; 0 if the stream is gone. Their ids are not forgotten by that (HAZARDS H5).
   */
  async purge(incarnation: number, subjectFilter: string): Promise<number> {
    const stream = journalStream(incarnation);
    const purged = await this.api.call((manager) => manager.streams.purge(stream, { filter: subjectFilter }), null);
    return purged?.purged ?? 0;
  }
}
