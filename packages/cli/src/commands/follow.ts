import { InternalError, isTerminal, type Run } from '@apwa/contracts';
import { stringify } from 'yaml';
import { isYes } from '../question.js';
import type { Session } from '../session.js';

/** Asks on the terminal whether a plan may run. */
const ask = async ({ plan }: Run, signal: AbortSignal): Promise<boolean> => {
  process.stderr.write(`\n${stringify(plan)}\n`);
  return isYes('Run this plan?', signal);
};

/**
 * Shows a run until it has ended. Ctrl-C cancels it and waits for that; a second one leaves.
 * A run that awaits approval is asked about once; an answer that is not yes cancels it.
 */
export const follow = ({ client, display, interrupt, say }: Session, id: string): Promise<Run> => {
  const asking = new AbortController();
  const cancel = () => {
    say('Cancelling the run (Ctrl-C again leaves at once) …');
    asking.abort();
    client.runs.cancel(id).catch((error: Error) => say(`It could not be cancelled: ${error.message}`));
  };
  return interrupt.during(cancel, async () => {
    let asked = false;
    for await (const event of client.runs.events(id)) {
      display.show(event);
      if (event.type !== 'run') continue;
      const { run } = event;
      if (isTerminal(run.state)) return run;
      if (run.state === 'awaiting_approval' && !asked) {
        asked = true;
        display.close();
        const yes = await ask(run, asking.signal).catch(() => false);
        if (yes) await client.runs.approve(id);
        else if (!asking.signal.aborted) await client.runs.cancel(id);
      }
    }
    throw new InternalError('unexpected_answer', `The events of run ${id} ended before it did.`);
  });
};

/** Shows a run until it has ended or Ctrl-C ends the watching; the run goes on then. */
export const watch = async ({ client, display, interrupt }: Session, id: string): Promise<Run> => {
  const stopped = new AbortController();
  return interrupt.during(
    () => stopped.abort(),
    async () => {
      try {
        for await (const event of client.runs.events(id, { signal: stopped.signal })) {
          display.show(event);
          if (event.type === 'run' && isTerminal(event.run.state)) return event.run;
        }
      } catch (error) {
        if (!stopped.signal.aborted) throw error;
      }
      return client.runs.get(id);
    },
  );
};
