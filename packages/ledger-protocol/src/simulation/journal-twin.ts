/** Answers of rows, by the number of the call that gave them. */
export type Answers = ReadonlyMap<number, number>;

interface Message {
  readonly id: string;
  /** The shard that those of the attempt's shard came of by splits. */
  readonly origin: number;
  readonly answers: Answers;
}

/** A JetStream stream: dedups by id over all of its subjects, and a purge forgets no ids (HAZARDS H5). */
export class JournalTwin {
  /** 0: there is no stream. */
  incarnation = 1;
  #messages: Message[] = [];
  readonly #ids = new Set<string>();

  /** Whether the stream acknowledged it; not if it is gone. */
  publish(incarnation: number, message: Message): boolean {
    if (incarnation !== this.incarnation) return false;
    if (this.#ids.has(message.id)) return true;
    this.#ids.add(message.id);
    this.#messages.push(message);
    return true;
  }

  /** Null if the stream is gone. */
  read(incarnation: number, origin: number): Answers | null {
    if (incarnation !== this.incarnation) return null;
    const answers = new Map<number, number>();
    for (const message of this.#messages)
      if (message.origin === origin) for (const [row, answer] of message.answers) answers.set(row, answer);
    return answers;
  }

  /** Origins that have messages. */
  origins(): Set<number> {
    return new Set(this.#messages.map(({ origin }) => origin));
  }

  purge(origin: number): void {
    this.#messages = this.#messages.filter((message) => message.origin !== origin);
  }

  create(incarnation: number): void {
    this.incarnation = incarnation;
  }

  /** NATS has lost everything. Rows that it held. */
  wipe(): number[] {
    const lost = this.loseLast(this.#messages.length);
    this.incarnation = 0;
    this.#ids.clear();
    return lost;
  }

  /** NATS comes back without its last messages. Rows that they held. */
  loseLast(count: number): number[] {
    const lost = this.#messages.splice(Math.max(0, this.#messages.length - count));
    for (const { id } of lost) this.#ids.delete(id);
    return lost.flatMap(({ answers }) => [...answers.keys()]);
  }
}
