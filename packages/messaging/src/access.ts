import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type NatsAccess, RefusedError, type ServiceName } from '@apwa/contracts';

/** The addresses, and who the URL says that we are. RefusedError `invalid_setting` if it is none. */
export const parseUrl = (natsUrl: string) => {
  const urls = natsUrl.split(',').map((text) => {
    const url = URL.parse(/^\w+:\/\//.test(text.trim()) ? text.trim() : `nats://${text.trim()}`);
    if (!url?.hostname || !['nats:', 'tls:'].includes(url.protocol))
      throw new RefusedError('invalid_setting', 'The address of NATS is no URL.', {
        field: 'nats.url',
        allowed: 'nats://HOST:PORT or tls://HOST:PORT, several with commas between them',
      });
    return url;
  });
  const [first] = urls;
  return {
    servers: urls.map(({ hostname, port }) => `${hostname}:${port || '4222'}`),
    user: decodeURIComponent(first?.username ?? ''),
    password: decodeURIComponent(first?.password ?? ''),
    tls: urls.some(({ protocol }) => protocol === 'tls:'),
  };
};

/** RefusedError `invalid_setting` if the folder holds no password of this service. */
export const readPassword = (folder: string, service: ServiceName): string => {
  const path = join(folder, service);
  const refuse = (what: string, cause?: unknown) =>
    new RefusedError('invalid_setting', `${path} ${what}: it must hold the password of the user ${service} of NATS.`, {
      field: 'nats.passwordFolder',
      value: folder,
      cause,
    });
  let text: string;
  try {
    text = readFileSync(path, 'utf8').trim();
  } catch (cause) {
    throw refuse("can't be read", cause);
  }
  if (!text) throw refuse('is empty');
  return text;
};

/** The address with user and password of a service in it, for who takes no folder. As it is where there is none. */
export const urlOf = ({ url, passwordFolder }: NatsAccess, service: ServiceName): string => {
  if (passwordFolder === undefined) return url;
  const password = readPassword(passwordFolder, service);
  const { servers, tls } = parseUrl(url);
  return servers.map((server) => `${tls ? 'tls' : 'nats'}://${service}:${encodeURIComponent(password)}@${server}`).join(',');
};
