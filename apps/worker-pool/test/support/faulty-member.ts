import { loadConfig } from '@apwa/config';
import { TransientError } from '@apwa/contracts';
import { createService } from '@apwa/messaging';
import { createLogger } from '@apwa/service';
import { type Storage } from '@apwa/tables';
import { StoreFaults } from '@apwa/test-kit';
import { type DynamicModule, type Provider } from '@nestjs/common';
import { AppModule } from '../../src/app.module.js';
import { Environment } from '../../src/env.js';
import { MemberService } from '../../src/member/member.service.js';
import { memberSettings } from '../../src/member/settings.js';
import { STORAGE } from '../../src/tokens.js';
import { type World } from './world.js';

const TERMS = {
  name: 'Storage',
  fault: (method: string) => new TransientError('storage_unavailable', `a fault of the test at ${method}`),
  // No I/O, and what `FileStorage` has for itself.
  except: ['localPath', 'close', 'place', 'guarded'],
};

const withFaults = (provider: Provider, faults: StoreFaults): Provider[] => {
  if (typeof provider === 'function' || provider.provide !== STORAGE) return [provider];
  const real = Symbol('storage that works');
  const faulty = { provide: STORAGE, inject: [real], useFactory: (storage: Storage) => faults.through(storage, TERMS) };
  return [{ ...provider, provide: real }, faulty];
};

/** A member in this process, as its `main` starts it, with a storage that fails on demand. */
export class FaultyMember {
  private constructor(
    readonly faults: StoreFaults,
    private readonly app: Awaited<ReturnType<typeof createService>>,
  ) {}

  static async start(world: World): Promise<FaultyMember> {
    const faults = new StoreFaults();
    const config = await loadConfig({ path: world.config, env: {} });
    const module = AppModule.forRoot({
      config,
      settings: memberSettings(config, Environment.parse({})),
      log: createLogger('worker-pool', 'silent'),
    });
    const faulty: DynamicModule = { ...module, providers: (module.providers ?? []).flatMap((one) => withFaults(one, faults)) };
    const app = await createService(faulty, { service: 'worker-pool', nats: world.nats.access, logger: false });
    await app.get(MemberService).start(() => undefined);
    return new FaultyMember(faults, app);
  }

  async stop(): Promise<void> {
    this.faults.heal();
    await this.app.get(MemberService).drain();
    await this.app.close();
  }
}
