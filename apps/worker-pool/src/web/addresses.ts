import { BlockList, isIPv4, isIPv6 } from 'node:net';

/** IPv4 addresses that are not of the public Internet (IANA's registry of special-purpose addresses), in CIDR notation. */
const SPECIAL_V4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];
/** All global unicast addresses of IPv6; what maps or tunnels IPv4 (`::ffff:`, NAT64) is outside of it … */
const GLOBAL_V6 = ['2000::/3'];
/** … but Teredo, 6to4, documentation and others that stand for something else. */
const SPECIAL_V6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

const listOf = (type: 'ipv4' | 'ipv6', subnets: readonly string[]): BlockList => {
  const list = new BlockList();
  for (const subnet of subnets) {
    const [net = '', prefix] = subnet.split('/');
    list.addSubnet(net, Number(prefix), type);
  }
  return list;
};
const specialV4 = listOf('ipv4', SPECIAL_V4);
const globalV6 = listOf('ipv6', GLOBAL_V6);
const specialV6 = listOf('ipv6', SPECIAL_V6);

/** Whether an address is one of the public Internet: none of this machine, its networks, or a cloud's metadata. */
export const isPublic = (address: string): boolean => {
  if (isIPv4(address)) return !specialV4.check(address, 'ipv4');
  // A zone names an interface of this machine.
  if (isIPv6(address) && !address.includes('%')) return globalV6.check(address, 'ipv6') && !specialV6.check(address, 'ipv6');
  return false;
};
