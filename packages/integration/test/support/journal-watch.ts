import { JournalBatch, journalSubjects } from '@apwa/contracts';
import { Messaging } from '@apwa/messaging';
import { type System } from './system.js';

/** Reads along what members journal: which rows are safe from a death. */
export class JournalWatch {
  readonly rows = new Set<number>();

  private constructor(private readonly messaging: Messaging) {}

  static async start(system: System, incarnation = 1): Promise<JournalWatch> {
    const watch = new JournalWatch(await Messaging.connect({ url: system.stack.services.nats.url }, { name: 'journal watch' }));
    watch.messaging.connection.subscribe(journalSubjects(incarnation), {
      callback: (_error, message) => {
        const { rows } = JournalBatch.parse(message.json());
        if (Array.isArray(rows)) for (const { row } of rows) watch.rows.add(row);
      },
    });
    await watch.messaging.connection.flush();
    return watch;
  }

  stop(): Promise<void> {
    return this.messaging.close();
  }
}
