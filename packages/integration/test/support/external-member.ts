import { join } from 'node:path';
import { ExternalMember } from '@apwa/test-kit';
import { type System } from './system.js';

/** A configuration whose members the test runs itself. */
export const externalPool = (slots: number): Record<string, unknown> => ({
  pools: [{ name: 'default', backend: 'external', slots }],
});

export const startMember = async (system: System): Promise<ExternalMember> => {
  const { nats } = await system.config();
  return ExternalMember.start({ configFile: system.configFile, natsUrl: nats.url, logs: join(system.stack.dir, 'logs') });
};
