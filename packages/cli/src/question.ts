import { createInterface } from 'node:readline/promises';

/** Asks on the terminal; anything but a yes is a no. */
export const isYes = async (question: string, signal: AbortSignal): Promise<boolean> => {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  // The terminal is in raw mode while it is read: Ctrl-C is a character then, and made a signal again here.
  terminal.once('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  const answer = await terminal.question(`${question} [y/N] `, { signal }).finally(() => terminal.close());
  return /^y(es)?$/i.test(answer.trim());
};
