import { foreignTo } from './from-here.js';

it.each([
  [{ host: '127.0.0.1:8484' }, null],
  [{ host: 'localhost:8484', origin: 'http://localhost:8484' }, null],
  [{ host: '[::1]:8484', origin: 'http://127.0.0.1:3000' }, null],
  [{}, null],
  [{ host: 'rebound.example:8484' }, 'foreign_host'],
  [{ host: 'localhost.example' }, 'foreign_host'],
  [{ host: '' }, 'foreign_host'],
  [{ host: '127.0.0.1:8484', origin: 'https://page.example' }, 'foreign_origin'],
  [{ host: '127.0.0.1:8484', origin: 'null' }, 'foreign_origin'],
])('a request with %j: %s', (headers, code) => {
  expect(foreignTo(headers)?.code ?? null).toBe(code);
});

it('should name the header, what it says and what is allowed', () => {
  expect(foreignTo({ host: 'rebound.example' })?.toPayload()).toMatchObject({
    class: 'refused',
    field: 'host',
    value: 'rebound.example',
    allowed: expect.stringContaining('manager.auth: keys'),
  });
});
