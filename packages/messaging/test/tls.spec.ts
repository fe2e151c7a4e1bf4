import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually, makeCertificate, type NatsServer, startNats, tempDir, type TempDir } from '@apwa/test-kit';
import { jest } from '@jest/globals';
import { type NatsAccess } from '@apwa/contracts';
import { connect } from '@nats-io/transport-node';
import { connectionOptions } from '../src/connection.js';
import { Messaging } from '../src/index.js';
import { catchLog } from './support/log.js';

/** Real: NATS, and certificates as of a deployment. */
jest.setTimeout(60_000);

describe('TLS to NATS', () => {
  let folder: TempDir;
  let nats: NatsServer;
  let other: string;
  let log: ReturnType<typeof catchLog>;
  beforeAll(async () => {
    folder = await tempDir();
    nats = await startNats({ dir: join(folder.path, 'nats'), tls: await makeCertificate(join(folder.path, 'certificate')) });
    other = (await makeCertificate(join(folder.path, 'other'))).caFile;
  });
  afterAll(async () => {
    await nats.stop();
    await folder.remove();
  });
  beforeEach(() => {
    log = catchLog();
  });
  afterEach(() => log.release());

  /** A service's connection, that is given up at its first failure. */
  const once = (access: NatsAccess) => connect({ ...connectionOptions(access, { name: 'test', service: 'manager' }), reconnect: false });

  it('should get in where the certificate is vouched for', async () => {
    const messaging = await Messaging.connect(nats.access, { name: 'test', service: 'manager' });
    expect(messaging.connection.info?.tls_required).toBe(true);
    await messaging.close();
  });

  it('should not get in where somebody else vouches, or nobody', async () => {
    for (const caFile of [other, undefined])
      await expect(once({ ...nats.access, caFile })).rejects.toThrow(/^unable to verify the first certificate/);
  });

  it('should say so, and get in once the right one vouches', async () => {
    const caFile = join(folder.path, 'replaced.pem');
    await copyFile(other, caFile);
    const connecting = Messaging.connect({ ...nats.access, caFile }, { name: 'test', service: 'manager' });
    const says = (line: string) =>
      line.includes("can't be used yet (its certificate is refused: ") && line.includes(`${caFile} (nats.caFile)`);
    await eventually(() => log.lines.some(says), { what: 'the line in the log' });
    await copyFile(nats.access.caFile as string, caFile);
    await (await connecting).close();
  });

  it('should not talk in the clear with a NATS that asks for TLS', async () => {
    const { passwordFolder } = nats.access;
    await expect(once({ url: nats.access.url.replace('tls:', 'nats:'), passwordFolder })).rejects.toThrow(
      /^unable to verify the first certificate/,
    );
  });

  it('should not give its password to a NATS without TLS', async () => {
    const open = await startNats({ dir: join(folder.path, 'open') });
    try {
      const access = { url: open.access.url.replace('nats:', 'tls:'), passwordFolder: open.access.passwordFolder, caFile: other };
      await expect(once(access)).rejects.toThrow("server does not support 'tls'");
    } finally {
      await open.stop();
    }
  });
});
