import { type NatsServer, startNats, tempDir } from '@apwa/test-kit';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

export interface TestNats extends NatsServer {
  /** Kills it, removes all that it held, and starts it again. */
  wipe(): Promise<void>;
  /** Stops it and removes its folder. */
  end(): Promise<void>;
}

export const testNats = async (): Promise<TestNats> => {
  const folder = await tempDir();
  const server = await startNats({ dir: folder.path });
  const wipe = async () => {
    await server.kill();
    await rm(join(folder.path, 'jetstream'), { recursive: true, force: true });
    await server.restart();
  };
  const end = async () => {
    await server.stop();
    await folder.remove();
  };
  return Object.defineProperties({ wipe, end } as TestNats, Object.getOwnPropertyDescriptors(server));
};
