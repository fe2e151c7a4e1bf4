import { ApwaError, journalStream } from '@apwa/contracts';
import { JournalStreams, Messaging } from '@apwa/messaging';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { Database } from '../database/database.js';
import { LOG, type Logger, TIMES, type Timing } from '../settings.js';

/**
 * The journal's stream. A NATS that came back without it gets the next incarnation, of which members hear with their heartbeats,
 * and journal again what is not committed (HAZARDS H9).
 */
@Injectable()
export class JournalService implements OnModuleDestroy {
  #incarnation = 1;
  #timer: NodeJS.Timeout | undefined;
  #checking: Promise<void> | undefined;
  #stopFollowing: () => void = () => undefined;

  constructor(
    private readonly database: Database,
    private readonly streams: JournalStreams,
    private readonly messaging: Messaging,
    @Inject(TIMES) private readonly times: Timing,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  /** The stream that attempts journal to. */
  get incarnation(): number {
    return this.#incarnation;
  }

  get stream(): string {
    return journalStream(this.#incarnation);
  }

  /** Makes the stream, or finds it. Where JetStream does not serve yet, that is made up for as soon as it does. */
  async start(): Promise<void> {
    await this.check();
    this.#timer = setInterval(() => void this.check(), this.times.journalCheckMs).unref();
    this.#stopFollowing = this.messaging.onReconnect(() => void this.check());
  }

  /** Whether the stream is still there, once at a time. */
  check(): Promise<void> {
    this.#checking ??= this.#check()
      .catch((thrown: unknown) => this.log.warn({ error: ApwaError.from(thrown).toPayload() }, 'the journal could not be looked at'))
      .finally(() => (this.#checking = undefined));
    return this.#checking;
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.#timer);
    this.#stopFollowing();
    await this.#checking;
  }

  async #check(): Promise<void> {
    const { incarnation, made } = await this.#read();
    if (made && (await this.streams.exists(incarnation))) {
      // Whatever becomes of its settings: a limit that the disk of NATS has no room for is refused, and the stream goes on as it was.
      this.#incarnation = incarnation;
      // Brings the settings up to date; `created` tells that it went just now.
      if ((await this.streams.ensure(incarnation)) !== 'present') await this.#make(incarnation + 1);
    } else await this.#make(made ? incarnation + 1 : incarnation);
  }

  async #make(incarnation: number): Promise<void> {
    // Noted before it is made and after: whoever starts in between makes the same one, and nobody was told of it yet.
    await this.#write(incarnation, false);
    await this.streams.ensure(incarnation);
    await this.#write(incarnation, true);
    this.#incarnation = incarnation;
    this.log.info({ incarnation }, 'the journal was made');
    await this.streams.removeOthers(incarnation);
  }

  async #read(): Promise<{ incarnation: number; made: boolean }> {
    return this.database.read((queries) => queries.journal.findUniqueOrThrow({ where: { id: 1 } }));
  }

  async #write(incarnation: number, made: boolean): Promise<void> {
    await this.database.transaction((queries) => queries.journal.update({ where: { id: 1 }, data: { incarnation, made } }));
  }
}
