import { counted, size } from './bytes.js';

it.each([
  [0, '0 bytes'],
  [999, '999 bytes'],
  [1_000, '1.0 kB'],
  [1_234_567, '1.2 MB'],
  [340_999_999_999, '340 GB'],
  [5e15, '5000 TB'],
])('should write %i bytes as %s', (bytes, text) => {
  expect(size(bytes)).toBe(text);
});

it('should count one thing and several', () => {
  expect([counted(0, 'run'), counted(1, 'table'), counted(1_200, 'table')]).toEqual(['0 runs', '1 table', '1,200 tables']);
});
