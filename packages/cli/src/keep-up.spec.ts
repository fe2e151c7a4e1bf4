import { until, type Service } from '@apwa/stack';
import { keepUp } from './keep-up.js';

/** A service that has ended, and ends again after so many restarts. */
const ended = (diesAfterRestarts: number, restart: () => Promise<void> = async () => undefined) => {
  const service = {
    name: 'manager',
    logFile: 'manager.log',
    running: false,
    restarts: 0,
    restart: async () => {
      await restart();
      service.restarts += 1;
      service.running = service.restarts > diesAfterRestarts;
    },
  };
  return service;
};
const watch = (service: ReturnType<typeof ended>, said: string[] = []) =>
  keepUp([service as unknown as Service], (text) => said.push(text), 5);

describe('services of an embedded stack', () => {
  it('should be started again when they have ended, with a word', async () => {
    const [service, said] = [ended(0), [] as string[]];
    const kept = watch(service, said);
    await until(() => service.running, { timeoutMs: 5_000, what: 'the restart' });
    await kept.stop();
    expect(said).toEqual(['manager has ended by itself, and is started again (see manager.log).']);
    expect(kept.signal.aborted).toBe(false);
  });

  it('should end the command if they keep ending', async () => {
    const service = ended(100);
    const kept = watch(service);
    await until(() => kept.signal.aborted, { timeoutMs: 5_000, what: 'the end' });
    expect(kept.signal.reason).toMatchObject({ code: 'service_lost' });
    expect(service.restarts).toBe(3);
    await kept.stop();
  });

  it('should end the command if they do not start', async () => {
    const kept = watch(ended(0, () => Promise.reject(new Error('no port'))));
    await until(() => kept.signal.aborted, { timeoutMs: 5_000, what: 'the end' });
    expect(kept.signal.reason).toMatchObject({ message: 'no port' });
    await kept.stop();
  });
});
