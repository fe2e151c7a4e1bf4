import type { RunEvent } from '@apwa/contracts';

/** How a run is shown while it is under way. */
export interface Display {
  /** A line for a person that is no event of the run: what is uploaded, where the stack is. */
  say(text: string): void;
  show(event: RunEvent): void;
  /** Leaves the terminal as it was found. */
  close(): void;
}
