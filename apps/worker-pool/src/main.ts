import 'reflect-metadata';
import { loadConfig } from '@apwa/config';
import { createService } from '@apwa/messaging';
import { createLogger, followLifeline, Lifecycle, NestLogger, parseEnv } from '@apwa/service';
import { AppModule } from './app.module.js';
import { Environment } from './env.js';
import { memberSettings } from './member/settings.js';
import { MemberService } from './member/member.service.js';
import { secretsIn } from './secrets.js';

/** Milliseconds beyond the grace of calls in flight: last answers are journaled, shards given back, connections closed. */
const CLOSING_MS = 8_000;

const start = async (): Promise<void> => {
  followLifeline();
  const environment = parseEnv(Environment, process.env, 'worker-pool');
  const config = await loadConfig({ path: environment.APWA_CONFIG });
  const settings = memberSettings(config, environment);
  const log = createLogger('worker-pool', environment.APWA_LOG_LEVEL ?? config.log.level, { secrets: secretsIn(config) });
  const lifecycle = new Lifecycle({ log, graceMs: settings.graceMs + CLOSING_MS });
  await lifecycle.run(async () => {
    const app = await createService(AppModule.forRoot({ config, settings, log }), {
      service: 'worker-pool',
      nats: config.nats,
      name: `worker-pool ${settings.pool}`,
      logger: new NestLogger(log),
      // The member has drained by then; questions have their own deadlines, and are asked again.
      drainMs: CLOSING_MS / 4,
    });
    const member = app.get(MemberService);
    // Joining may take as long as there is no executor: a signal must find a service that can drain meanwhile.
    void member
      .start(() => void lifecycle.shutDown('the executor wants it'))
      .then(
        () => log.info({ memberId: member.id, pool: settings.pool, slots: settings.slots }, 'ready'),
        (error: unknown) => lifecycle.fail(error),
      );
    return async () => {
      await member.drain();
      await app.close();
    };
  });
};

start().catch((error: unknown) => {
  // Before there is a log, and a lifecycle to end: the settings are wrong.
  createLogger('worker-pool').fatal({ err: error }, error instanceof Error ? error.message : String(error));
  process.exit(2);
});
