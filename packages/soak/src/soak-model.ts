import { scriptedModel, type ScriptedModel } from '@apwa/test-kit';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerOf, rowOf } from './task.js';

/** `hangs`: answers when it is well again; `errors`: 500; `cuts`: answers break off in the middle. */
export type ModelMood = 'well' | 'hangs' | 'errors' | 'cuts';

/** Milliseconds of an answer, spread evenly. */
export const LATENCY_MS = { least: 200, most: 400 };

/** The model: answers each row as it must be answered, counts who asks what, and has moods. */
export class SoakModel {
  /** Calls that were answered in full, by row. */
  readonly #answered = new Map<number, number>();
  #progressAt = -Infinity;
  #mood: ModelMood = 'well';
  #recovered = Promise.withResolvers<void>();

  private constructor(private readonly server: ScriptedModel) {}

  static async start(): Promise<SoakModel> {
    const server = await scriptedModel();
    const model = new SoakModel(server);
    server.otherwise(({ messages }) => model.#answer(rowOf(String(messages.at(-1)?.content))));
    return model;
  }

  get url(): string {
    return this.server.url;
  }

  get inFlight(): number {
    return this.server.inFlight;
  }

  /** Rows that have had their answer. */
  get rows(): number {
    return this.#answered.size;
  }

  /** Answers that were given again. */
  get repeats(): number {
    return [...this.#answered.values()].reduce((sum, times) => sum + times - 1, 0);
  }

  /** When a row had its first answer for the last time, in monotonic milliseconds. */
  get progressAt(): number {
    return this.#progressAt;
  }

  /** Before another run. */
  forget(): void {
    this.#answered.clear();
    this.server.requests.length = 0;
  }

  be(mood: ModelMood): void {
    this.#mood = mood;
    if (mood !== 'well') return;
    this.#recovered.resolve();
    this.#recovered = Promise.withResolvers();
  }

  close(): Promise<void> {
    this.be('well');
    return this.server.close();
  }

  async #answer(row: number) {
    const { least, most } = LATENCY_MS;
    await sleep(least + Math.random() * (most - least));
    if (this.#mood === 'hangs') await this.#recovered.promise;
    if (this.#mood === 'errors') return { status: 500 };
    if (this.#mood === 'cuts') return { cutOff: true };
    // Probes of the machinery ask for no row.
    if (row < 0) return { content: answerOf(0) };
    const times = (this.#answered.get(row) ?? 0) + 1;
    this.#answered.set(row, times);
    if (times === 1) this.#progressAt = performance.now();
    return { content: answerOf(row) };
  }
}
