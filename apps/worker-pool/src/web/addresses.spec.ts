import { isPublic } from './addresses.js';
import { isListed } from './hosts.js';

describe('addresses', () => {
  it.each(['1.1.1.1', '93.184.216.34', '172.15.0.1', '100.63.0.1', '2606:4700::1111', '2a00:1450:4001:80b::200e'])(
    'should take %s',
    (address) => {
      expect(isPublic(address)).toBe(true);
    },
  );

  it.each([
    ...['127.0.0.1', '127.8.8.8', '0.0.0.0', '10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.0.1', '169.254.169.254', '100.64.0.1'],
    ...['100.100.100.200', '192.0.0.192', '198.18.0.1', '224.0.0.1', '255.255.255.255', '240.0.0.1'],
    ...[
      '::',
      '::1',
      '::ffff:127.0.0.1',
      '::ffff:1.1.1.1',
      '::127.0.0.1',
      '64:ff9b::7f00:1',
      '64:ff9b:1::1',
      '2002:7f00:1::',
      '2001:0:1::1',
    ],
    ...['fe80::1', 'fe80::1%eth0', 'fc00::1', 'fd00:ec2::254', 'ff02::1', '2001:db8::1', 'fec0::1', '100::1', '5f00::1'],
    ...['localhost', '', '127.1', '0x7f.1'],
  ])('should not take %s', (address) => {
    expect(isPublic(address)).toBe(false);
  });
});

describe('lists of hosts', () => {
  const listed = (url: string, ...list: string[]) => isListed(new URL(url), list);

  it('should have hosts by name, by name and port, and below a domain', () => {
    expect(listed('https://api.example.com/x', 'API.example.com')).toBe(true);
    expect(listed('http://localhost:8080', 'localhost:8080')).toBe(true);
    expect(listed('http://localhost:8081', 'localhost:8080')).toBe(false);
    expect(listed('https://example.com', 'example.com:443')).toBe(true);
    expect(listed('http://[::1]:80/', '::1')).toBe(true);
    expect(listed('https://a.b.example.com', '*.example.com')).toBe(true);
    expect(listed('https://example.com', '*.example.com')).toBe(false);
    expect(listed('https://evilexample.com', '*.example.com', 'example.com')).toBe(false);
    expect(listed('https://anything.test', '*')).toBe(true);
    expect(listed('https://anything.test')).toBe(false);
  });
});
