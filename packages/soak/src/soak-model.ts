import { scriptedModel, type ScriptedModel, type ScriptedRequest } from '@apwa/test-kit';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerOf, rowOf, TOOL } from './task.js';

/** `hangs`: answers when it is well again; `errors`: 500; `cuts`: answers break off in the middle. */
export type ModelMood = 'well' | 'hangs' | 'errors' | 'cuts';

/** Milliseconds of an answer, spread evenly. */
export const LATENCY_MS = { least: 200, most: 400 };

/** The model: answers each row as it must be answered, counts who asks what, and has moods. */
export class SoakModel {
  /** Calls that were answered in full, by row and turn. */
  readonly #answered = new Map<string, number>();
  #progressAt = -Infinity;
  #mood: ModelMood = 'well';
  #recovered = Promise.withResolvers<void>();

  private constructor(
    private readonly server: ScriptedModel,
    /** Answers for each row, all but the last of which call a tool. */
    readonly turns: number,
  ) {}

  static async start(turns: number): Promise<SoakModel> {
    const server = await scriptedModel();
    const model = new SoakModel(server, turns);
    server.otherwise((request) => model.#answer(request));
    return model;
  }

  get url(): string {
    return this.server.url;
  }

  get inFlight(): number {
    return this.server.inFlight;
  }

  /** Rows that have had their answer; turns of agents count as parts of them. */
  get rows(): number {
    return this.#answered.size / this.turns;
  }

  /** Answers that were given again. */
  get repeats(): number {
    return [...this.#answered.values()].reduce((sum, times) => sum + times - 1, 0);
  }

  /** When a row, or a turn of it, had its first answer for the last time, in monotonic milliseconds. */
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

  async #answer({ messages }: ScriptedRequest) {
    const row = Math.max(...messages.filter(({ role }) => role === 'user').map(({ content }) => rowOf(String(content))));
    const turn = messages.filter(({ role }) => role === 'assistant').length;
    const { least, most } = LATENCY_MS;
    await sleep(least + Math.random() * (most - least));
    if (this.#mood === 'hangs') await this.#recovered.promise;
    if (this.#mood === 'errors') return { status: 500 };
    if (this.#mood === 'cuts') return { cutOff: true };
    // Probes of the machinery ask for no row.
    if (row < 0) return { content: answerOf(0) };
    const key = `${row} ${turn}`;
    const times = (this.#answered.get(key) ?? 0) + 1;
    this.#answered.set(key, times);
    if (times === 1) this.#progressAt = performance.now();
    return turn < this.turns - 1 ? { toolCalls: [{ name: TOOL, arguments: { text: key } }] } : { content: answerOf(row) };
  }
}
