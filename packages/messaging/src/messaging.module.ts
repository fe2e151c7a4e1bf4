import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { type NatsAccess, type ServiceName } from '@apwa/contracts';
import { JournalReader } from './journal/reader.js';
import { JournalStreams } from './journal/streams.js';
import { JournalWriter } from './journal/writer.js';
import { Messaging } from './messaging.js';

export interface MessagingModuleOptions {
  service: ServiceName;
  nats: NatsAccess;
  /** Shown by NATS' monitoring. Default: the service's name. */
  name?: string;
  /** The most that the journal's stream may take, for the service that makes it. Default: 1 GiB. */
  journalBytes?: number;
}

/** Global: `Messaging`, `JournalStreams`, `JournalWriter` and `JournalReader` can be injected anywhere. */
@Module({})
export class MessagingModule implements OnApplicationShutdown {
  constructor(@Inject(Messaging) private readonly messaging: Messaging) {}

  /** The application's start waits for the first connection. */
  static forRoot({ service, nats, name = service, journalBytes }: MessagingModuleOptions): DynamicModule {
    const providers = [
      { provide: Messaging, useFactory: () => Messaging.connect(nats, { service, name }) },
      {
        provide: JournalStreams,
        inject: [Messaging],
        useFactory: (messaging: Messaging) => new JournalStreams(messaging, journalBytes),
      },
      ...[JournalWriter, JournalReader].map((provide) => ({
        provide,
        inject: [Messaging],
        useFactory: (messaging: Messaging) => new provide(messaging),
      })),
    ];
    return {
      module: MessagingModule,
      global: true,
      imports: [DiscoveryModule],
      providers,
      exports: providers.map(({ provide }) => provide),
    };
  }

  /** The last of Nest's hooks: until then handlers and destroy hooks may still send. */
  async onApplicationShutdown(): Promise<void> {
    await this.messaging.close();
  }
}
