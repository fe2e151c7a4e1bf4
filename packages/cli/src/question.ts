import { createInterface } from 'node:readline/promises';

/** What is typed on the terminal as the answer, without spaces around it. */
const ask = async (question: string, signal: AbortSignal): Promise<string> => {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  // The terminal is in raw mode while it is read: Ctrl-C is a character then, and made a signal again here.
  terminal.once('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  // At the end of the input nobody will answer any more.
  const closed = new AbortController();
  terminal.once('close', () => closed.abort());
  const answer = await terminal.question(question, { signal: AbortSignal.any([signal, closed.signal]) }).finally(() => terminal.close());
  return answer.trim();
};

/** Asks on the terminal; anything but a yes is a no. */
export const isYes = async (question: string, signal: AbortSignal): Promise<boolean> =>
  /^y(es)?$/i.test(await ask(`${question} [y/N] `, signal));

/** Asks until one of these words, or its first letter, is the answer: `[a]pprove, [e]dit or [r]eject?`. */
export const choose = async <Word extends string>(words: readonly Word[], signal: AbortSignal): Promise<Word> => {
  const marked = words.map((word) => `[${word.slice(0, 1)}]${word.slice(1)}`);
  for (;;) {
    const answer = (await ask(`${marked.slice(0, -1).join(', ')} or ${marked.at(-1)}? `, signal)).toLowerCase();
    const chosen = words.find((word) => answer !== '' && (answer === word || answer === word.slice(0, 1)));
    if (chosen !== undefined) return chosen;
  }
};
