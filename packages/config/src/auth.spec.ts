import { authOf, isLoopback } from './auth.js';

it.each([
  ['127.0.0.1', true],
  ['127.8.9.1', true],
  ['::1', true],
  ['0:0:0:0:0:0:0:1', true],
  ['::ffff:127.0.0.1', true],
  ['localhost', true],
  ['LocalHost', true],
  ['0.0.0.0', false],
  ['::', false],
  ['10.0.0.1', false],
  ['128.0.0.1', false],
  ['::ffff:10.0.0.1', false],
  ['127.0.0.1.example.com', false],
  ['localhost.example.com', false],
  ['manager', false],
  ['', false],
])('should know whether only this machine reaches %j', (host, loopback) => {
  expect(isLoopback(host)).toBe(loopback);
});

it.each([
  ['127.0.0.1', undefined, 'none'],
  ['127.0.0.1', 'none', 'none'],
  ['127.0.0.1', 'keys', 'keys'],
  ['0.0.0.0', undefined, 'keys'],
  ['0.0.0.0', 'keys', 'keys'],
  // The loader refuses this one; whoever gets past it has keys all the same.
  ['0.0.0.0', 'none', 'keys'],
] as const)('should ask for keys where others can reach it: %s with %s', (host, auth, wanted) => {
  expect(authOf({ host, ...(auth ? { auth } : {}) })).toBe(wanted);
});
