import { OwnedProcess, type Stack, type TcpProxy } from '@apwa/test-kit';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ENTRY = fileURLToPath(new URL('../../../apps/executor/dist/main.js', import.meta.url));
const READY_MS = 60_000;

/** Another executor beside the one that stands still: it takes over. */
export const secondExecutor = async (
  { dir, configFile }: Stack,
  { nats, postgres }: { nats: TcpProxy; postgres: TcpProxy },
): Promise<OwnedProcess> => {
  const logFile = join(dir, 'logs', 'second-executor.log');
  const child = await OwnedProcess.start({
    name: 'second executor',
    command: process.execPath,
    args: ['--enable-source-maps', ENTRY],
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      APWA_CONFIG: configFile,
      APWA__nats__url: nats.url,
      APWA__executor__databaseUrl: postgres.url,
      APWA_LIFELINE: '1',
    },
    logFile,
    lifeline: true,
  });
  return child.whenReady(async () => (await readFile(logFile, 'utf8')).slice(child.logStart).includes('"msg":"ready"'), READY_MS);
};
