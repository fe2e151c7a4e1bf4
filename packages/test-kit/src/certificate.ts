import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const SCRIPT = fileURLToPath(new URL('../../../infra/nats/certificates.sh', import.meta.url));

/** A certificate for loopback and who vouches for it, as deployments make them: files of a new folder. It takes openssl. */
export const makeCertificate = async (folder: string): Promise<{ certFile: string; keyFile: string; caFile: string }> => {
  await promisify(execFile)(SCRIPT, [folder, 'localhost', 'IP:127.0.0.1']);
  return { certFile: join(folder, 'tls.crt'), keyFile: join(folder, 'tls.key'), caFile: join(folder, 'ca.crt') };
};
