import { BlockList, isIP } from 'node:net';
import { type Config } from './schema.js';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8);
LOOPBACK.addAddress('::1', 'ipv6');

/** Whether what listens on this host is reached from this machine alone. A name that is not `localhost` may be any address. */
export const isLoopback = (host: string): boolean => {
  const family = isIP(host);
  return family === 0 ? host.toLowerCase() === 'localhost' : LOOPBACK.check(host, family === 6 ? 'ipv6' : 'ipv4');
};

/** How the manager tells who asks: by keys wherever somebody else could reach it, whatever the configuration says. */
export const authOf = ({ host, auth }: Pick<Config['manager'], 'host' | 'auth'>): 'keys' | 'none' =>
  isLoopback(host) ? (auth ?? 'none') : 'keys';
