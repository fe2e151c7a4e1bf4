import { InternalError, isTerminal, type Run } from '@apwa/contracts';
import { review } from '../review/review.js';
import type { Session } from '../session.js';

const isAbort = (thrown: unknown): boolean => thrown instanceof Error && thrown.name === 'AbortError';

/** How another terminal reaches this command's manager. */
const commandFor = (url: string, words: string): string => (process.env.APWA_URL ? `apwa ${words}` : `APWA_URL=${url} apwa ${words}`);

/** Says of a run that was paused why it stands still and how it goes on, and that it does, once for each pause. */
const pauseTeller = ({ url, say }: Pick<Session, 'url' | 'say'>): ((run: Run) => void) => {
  let told: string | undefined;
  return ({ id, paused }) => {
    if (!paused && told !== undefined) say('The run goes on.');
    if (paused && paused.since !== told)
      say(`The run is paused (${paused.reason}): ${paused.message} It goes on with:\n  ${commandFor(url, `runs resume ${id}`)}`);
    told = paused?.since;
  };
};

/**
 * Shows a run until it has ended. Ctrl-C cancels it and waits for that; a second one leaves.
 * A run that awaits approval is asked about, once for each version of its plan.
 */
export const follow = ({ client, url, display, interrupt, say }: Session, id: string): Promise<Run> => {
  const tellPause = pauseTeller({ url, say });
  const asking = new AbortController();
  const cancel = () => {
    say('Cancelling the run (Ctrl-C again leaves at once) …');
    asking.abort();
    client.runs.cancel(id).catch((error: Error) => say(`It could not be cancelled: ${error.message}`));
  };
  return interrupt.during(cancel, async () => {
    let asked: number | null = null;
    for await (const event of client.runs.events(id)) {
      display.show(event);
      if (event.type !== 'run') continue;
      const { run } = event;
      if (isTerminal(run.state)) return run;
      tellPause(run);
      if (run.state === 'awaiting_approval' && run.planVersion !== asked) {
        asked = run.planVersion;
        display.close();
        const tell = (text: string) => void process.stderr.write(`${text}\n`);
        await review(run, { client, url, signal: asking.signal, tell }).catch((thrown: unknown) => {
          // Whoever pressed Ctrl-C, or closed the terminal, has answered.
          if (!isAbort(thrown)) throw thrown;
          if (!asking.signal.aborted) cancel();
        });
      }
    }
    throw new InternalError('unexpected_answer', `The events of run ${id} ended before it did.`);
  });
};

/** Shows a run until it has ended or Ctrl-C ends the watching; the run goes on then. */
export const watch = async ({ client, url, display, interrupt, say }: Session, id: string): Promise<Run> => {
  const tellPause = pauseTeller({ url, say });
  const stopped = new AbortController();
  return interrupt.during(
    () => stopped.abort(),
    async () => {
      try {
        for await (const event of client.runs.events(id, { signal: stopped.signal })) {
          display.show(event);
          if (event.type !== 'run') continue;
          if (isTerminal(event.run.state)) return event.run;
          tellPause(event.run);
        }
      } catch (error) {
        if (!stopped.signal.aborted) throw error;
      }
      return client.runs.get(id);
    },
  );
};
