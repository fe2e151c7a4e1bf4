/** How much of a process' last words is kept: lines, and characters of each. */
const LINES = 20;
const LENGTH = 2_000;
/** A line without an end is taken for one from here on, so that it does not fill the memory. Characters. */
const LONGEST = 64 * 1024;

/** Cuts what a process prints into lines, hands each on and keeps the last ones. */
export class LineTail {
  readonly #last: string[] = [];

  get lines(): readonly string[] {
    return [...this.#last];
  }

  /** For one stream of the process: takes text as it comes. `end` counts what no line break followed. */
  stream(handOn: (line: string) => void): { write(text: string): void; end(): void } {
    let rest = '';
    const take = (line: string) => {
      handOn(line);
      if (line.trim() === '') return;
      this.#last.push(line.slice(0, LENGTH));
      if (this.#last.length > LINES) this.#last.shift();
    };
    return {
      write: (text) => {
        const lines = (rest + text).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) take(line);
        if (rest.length > LONGEST) {
          take(rest);
          rest = '';
        }
      },
      end: () => {
        if (rest) take(rest);
        rest = '';
      },
    };
  }
}
