import { ApwaError, InternalError } from '@apwa/contracts';
import type { Service } from '@apwa/stack';

/** How often it is looked whether a service has ended, in milliseconds. */
const LOOK_MS = 500;
/** A service that ends more often than this has a fault that starting it again does not cure. */
const MOST_RESTARTS = 3;

export interface KeptUp {
  /** Aborted, with the reason, when a service could not be kept up. */
  readonly signal: AbortSignal;
  stop(): Promise<void>;
}

/** Starts services of an embedded stack again that have ended by themselves: a run goes on where it was. */
export const keepUp = (services: Service[], say: (text: string) => void, lookMs = LOOK_MS): KeptUp => {
  const lost = new AbortController();
  const restarts = new Map<Service, number>();
  let work: Promise<void> | undefined;

  const look = async (): Promise<void> => {
    for (const service of services.filter(({ running }) => !running)) {
      const count = (restarts.get(service) ?? 0) + 1;
      restarts.set(service, count);
      if (count > MOST_RESTARTS) throw new InternalError('service_lost', `${service.name} keeps ending: see ${service.logFile}.`);
      say(`${service.name} has ended by itself, and is started again (see ${service.logFile}).`);
      await service.restart();
    }
  };
  const timer = setInterval(() => {
    work ??= look()
      .catch((error: unknown) => {
        clearInterval(timer);
        lost.abort(ApwaError.from(error));
      })
      .finally(() => (work = undefined));
  }, lookMs);
  return {
    signal: lost.signal,
    stop: async () => {
      clearInterval(timer);
      await work;
    },
  };
};
