import { isLoopback } from '@apwa/config';
import { RefusedError } from '@apwa/contracts';
import { type IncomingHttpHeaders } from 'node:http';

const ALLOWED = 'an address of this machine; for any other the manager needs keys (manager.auth: keys)';

/**
 * Why a request that nobody asks for a key is not of this machine's own programs; null: it is. A page of the web reaches loopback too, by
 * the browser that shows it: it then names its own host, or is named as the origin.
 */
export const foreignTo = ({ host, origin }: Pick<IncomingHttpHeaders, 'host' | 'origin'>): RefusedError | null => {
  if (host !== undefined && !isHere(`http://${host}`))
    return new RefusedError('foreign_host', 'Without keys the manager answers at addresses of this machine alone.', {
      field: 'host',
      value: host,
      allowed: ALLOWED,
    });
  if (origin !== undefined && !isHere(origin))
    return new RefusedError('foreign_origin', 'Without keys the manager answers no page of another host.', {
      field: 'origin',
      value: origin,
      allowed: ALLOWED,
    });
  return null;
};

const isHere = (url: string): boolean => {
  const { hostname } = URL.parse(url) ?? { hostname: '' };
  return isLoopback(hostname.replace(/^\[|\]$/g, ''));
};
