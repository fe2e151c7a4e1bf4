import { StatusError } from './status-error.js';

it.each<[number, string, 'not_carried_out' | 'nothing']>([
  [400, 'capability_failed', 'not_carried_out'],
  [404, 'capability_failed', 'not_carried_out'],
  [409, 'capability_failed', 'not_carried_out'],
  [422, 'capability_failed', 'not_carried_out'],
  [425, 'provider_error', 'not_carried_out'],
  [429, 'rate_limited', 'not_carried_out'],
  [308, 'capability_failed', 'not_carried_out'],
  [303, 'capability_failed', 'nothing'],
  [408, 'provider_error', 'nothing'],
  [500, 'provider_error', 'nothing'],
  [501, 'capability_failed', 'nothing'],
  [503, 'provider_error', 'nothing'],
  [524, 'capability_failed', 'nothing'],
])('should take %s for %s, which proves %s', (status, code, proves) => {
  const error = new StatusError(status, 'no');
  expect([error.code, error.proves]).toEqual([code, proves]);
});
