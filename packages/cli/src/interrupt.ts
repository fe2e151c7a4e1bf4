import { EXIT } from './exit.js';

/**
 * Ctrl-C: the first one asks for a clean end (`onFirst`), a second one leaves at once. Children of an embedded stack end with
 * this process.
 */
export const onInterrupt = (onFirst: () => void): { stop(): void } => {
  let times = 0;
  const handle = () => {
    times += 1;
    if (times === 1) onFirst();
    else process.exit(EXIT.interrupted);
  };
  process.on('SIGINT', handle);
  process.on('SIGTERM', handle);
  return {
    stop: () => {
      process.off('SIGINT', handle);
      process.off('SIGTERM', handle);
    },
  };
};
