import { execFile } from 'node:child_process';
import { copyFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { join } from 'node:path';
import { eventually, type NatsServer, startNats, tempDir, type TempDir } from '@apwa/test-kit';
import { jest } from '@jest/globals';
import { connect } from '@nats-io/transport-node';
import { connectionOptions } from '../src/connection.js';
import { Messaging, type NatsAccess } from '../src/index.js';
import { catchLog } from './support/log.js';

const run = promisify(execFile);

/** Real NATS; certificates are made by openssl. */
jest.setTimeout(60_000);

/** A certificate for loopback that vouches for itself. */
const certificate = async (folder: string, name: string) => {
  const [certFile, keyFile] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const content = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost', '-days', '2'];
  await run('openssl', ['req', '-x509', ...curve, '-keyout', keyFile, '-out', certFile, ...content]);
  return { certFile, keyFile, caFile: certFile };
};

describe('TLS to NATS', () => {
  let folder: TempDir;
  let nats: NatsServer;
  let other: string;
  let log: ReturnType<typeof catchLog>;
  beforeAll(async () => {
    folder = await tempDir();
    nats = await startNats({ dir: join(folder.path, 'nats'), tls: await certificate(folder.path, 'nats') });
    other = (await certificate(folder.path, 'other')).caFile;
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
    for (const caFile of [other, undefined]) await expect(once({ ...nats.access, caFile })).rejects.toThrow(/self-signed certificate/i);
  });

  it('should say so, and get in once the right one vouches', async () => {
    const caFile = join(folder.path, 'replaced.pem');
    await copyFile(other, caFile);
    const connecting = Messaging.connect({ ...nats.access, caFile }, { name: 'test', service: 'manager' });
    await eventually(() => log.lines.some((line) => /can't be used yet \(.*self-signed certificate.*\); trying on$/i.test(line)), {
      what: 'the line in the log',
    });
    await copyFile(nats.access.caFile as string, caFile);
    await (await connecting).close();
  });

  it('should not talk in the clear with a NATS that asks for TLS', async () => {
    const { passwordFolder } = nats.access;
    await expect(once({ url: nats.access.url.replace('tls:', 'nats:'), passwordFolder })).rejects.toThrow(/self-signed certificate/);
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
