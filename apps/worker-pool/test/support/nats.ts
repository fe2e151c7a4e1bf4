import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { startNats, tempDir } from '@apwa/test-kit';

/** A real NATS server on a folder of its own, that can be killed, wiped and started again on its port. */
export type NatsServer = Awaited<ReturnType<typeof startNatsServer>>;

export const startNatsServer = async () => {
  const folder = await tempDir();
  const server = await startNats({ dir: folder.path });
  return {
    url: server.url,
    access: server.access,
    kill: () => server.kill(),
    restart: () => server.restart(),
    wipe: () => rm(join(folder.path, 'jetstream'), { recursive: true, force: true }),
    stop: async () => {
      await server.kill();
      await folder.remove();
    },
  };
};
