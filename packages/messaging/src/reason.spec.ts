import { reasonOf } from './reason.js';

const refused = Object.assign(new Error('unable to verify the first certificate'), { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
const tls = { url: 'tls://nats:4222' };

describe('reasonOf', () => {
  it.each([
    [
      'a certificate that others vouch for',
      refused,
      { ...tls, caFile: '/ca.crt' },
      'its certificate is refused: unable to verify the first certificate; who may vouch for it stands in /ca.crt (nats.caFile)',
    ],
    [
      'a certificate that nobody vouches for',
      refused,
      tls,
      'its certificate is refused: unable to verify the first certificate; nats.caFile names nobody who may vouch for it',
    ],
    [
      'TLS that was not asked for',
      refused,
      { url: 'nats://nats:4222' },
      'its certificate is refused: unable to verify the first certificate; it asks for TLS: nats.url is to begin with tls://, and nats.caFile to name who may vouch for it',
    ],
    [
      'an error with a cause that it does not tell',
      new Error('connection refused', { cause: new Error('connect ECONNREFUSED') }),
      tls,
      'connection refused: connect ECONNREFUSED',
    ],
    ['an error that tells its cause', new Error('no ca.crt', { cause: new Error('no ca.crt') }), tls, 'no ca.crt'],
    ['what is no error', 'cut off', tls, 'cut off'],
  ])('should tell of %s', (_, thrown, access, words) => {
    expect(reasonOf(thrown, access)).toBe(words);
  });
});
