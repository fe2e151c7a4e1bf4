import { type Readable } from 'node:stream';

export interface LifelineOptions {
  /** Default: the process' environment. */
  env?: NodeJS.ProcessEnv;
  /** Default: standard input. */
  input?: Readable;
  /** Default: ends the process, with code 0. */
  onEnd?: () => void;
}

/**
 * If `APWA_LIFELINE=1`: the process ends when its standard input does. The parent holds the other end of that pipe and writes
 * nothing, so however the parent dies, also by `kill -9`, its children do not outlive it. Returns whether it follows one.
 */
export const followLifeline = ({
  env = process.env,
  input = process.stdin,
  onEnd = () => process.exit(0),
}: LifelineOptions = {}): boolean => {
  if (env.APWA_LIFELINE !== '1') return false;
  let ended = false;
  const end = () => {
    if (!ended) onEnd();
    ended = true;
  };
  input.once('end', end);
  input.once('close', end);
  input.once('error', end);
  input.resume();
  // The pipe alone must not keep a process alive that has nothing more to do.
  if ('unref' in input && typeof input.unref === 'function') (input.unref as () => void)();
  return true;
};
