import { createInterface } from 'node:readline/promises';
import { isTerminal, type Run } from '@apwa/contracts';
import type { Client } from '@apwa/sdk';
import { stringify } from 'yaml';
import type { Display } from '../display/display.js';
import { onInterrupt } from '../interrupt.js';

/** Asks on the terminal whether a plan may run. Without a terminal nobody can say yes. */
const ask = async (run: Run): Promise<boolean> => {
  process.stderr.write(`\n${stringify(run.plan)}\n`);
  if (!process.stdin.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question('Run this plan? [y/N] ').finally(() => terminal.close());
  return /^y(es)?$/i.test(answer.trim());
};

/**
 * Shows a run until it has ended. Ctrl-C cancels it and waits for that; a second one leaves.
 * A run that awaits approval is asked about once.
 */
export const follow = async (
  client: Client,
  id: string,
  display: Display,
  { cancelOnInterrupt }: { cancelOnInterrupt: boolean },
): Promise<Run> => {
  const stopped = new AbortController();
  const interrupt = onInterrupt(() => {
    if (!cancelOnInterrupt) return stopped.abort();
    display.say('Cancelling the run (Ctrl-C again leaves at once) …');
    client.runs.cancel(id).catch((error: Error) => display.say(`It could not be cancelled: ${error.message}`));
  });
  let asked = false;
  let last: Run | undefined;
  try {
    for await (const event of client.runs.events(id, { signal: stopped.signal })) {
      display.show(event);
      if (event.type !== 'run') continue;
      last = event.run;
      if (event.run.state === 'awaiting_approval' && cancelOnInterrupt && !asked) {
        asked = true;
        if (await ask(event.run)) await client.runs.approve(id);
        else await client.runs.cancel(id);
      }
      if (isTerminal(event.run.state)) break;
    }
  } catch (error) {
    if (!stopped.signal.aborted) throw error;
  } finally {
    interrupt.stop();
  }
  return last ?? client.runs.get(id);
};
