import type { RunEvent } from '@apwa/contracts';
import type { Display } from './display.js';

/** Events as JSON lines on standard output, and nothing else there. */
export class JsonDisplay implements Display {
  constructor(private readonly write: (line: string) => void) {}

  say(): void {}

  show(event: RunEvent): void {
    this.write(`${JSON.stringify(event)}\n`);
  }

  close(): void {}
}
