import { isNewEnough } from './nats-binary.js';

describe('isNewEnough', () => {
  it.each([
    ['nats-server: v2.15.2', true],
    ['nats-server: v2.12.0', true],
    ['nats-server: v3.0.0-beta.1', true],
    ['nats-server: v2.11.9', false],
    ['nats-server: v2.9.10', false],
    ['something else', false],
  ])('should tell of "%s" whether it can carry the journal: %s', (text, expected) => {
    expect(isNewEnough(text)).toBe(expected);
  });
});
