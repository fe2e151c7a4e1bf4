import type { RunQuote } from '@apwa/contracts';
import { quoteNotes, quoteTable, quoteTotal } from './quote.js';

const figures = {
  calls: { low: 1_400, expected: 1_500, high: 1_700 },
  tokens: { low: 90_000, expected: 100_000, high: 110_000 },
  costUsd: { low: 0.5, expected: 0.6, high: 0.75 },
  timeMs: { low: 1_000, expected: 2_000, high: 60_000 },
};
const rows = { low: 1_500, expected: 1_500, high: 1_500 };
const quote: RunQuote = {
  steps: [
    {
      step: 'labels',
      basis: { kind: 'sample', rows: 20, failed: 1, tableId: 'tbl_1' },
      rows,
      ...figures,
      actual: { calls: 1_512, tokens: 99_000, costUsd: 0.59, timeMs: 9_000 },
    },
    { step: 'judged', basis: { kind: 'estimate', why: 'it reads a query' }, rows, ...figures, actual: null },
  ],
  total: { ...figures, calls: { low: 2, expected: 2, high: 2 }, actual: null },
};

it('should tell of each step what it is to cost, and what that goes by', () => {
  expect(quoteNotes(quote)).toEqual(
    new Map([
      [
        'labels',
        'quote: 1,500 (1,400–1,700) calls, 100,000 (90,000–110,000) tokens, $0.60 ($0.50–$0.75), 2.0 s (1.0 s–1 min 00 s); sample of 20 rows, 1 of them failed',
      ],
      ['judged', expect.stringContaining('estimate: it reads a query')],
    ]),
  );
  expect(quoteTotal(quote)).toContain('quote for all: 2 calls, ');
});

it('should stand beside what it came to, as far as that is known', () => {
  const [heads, labels, judged, total] = quoteTable({ quote }).split('\n');
  expect(heads).toMatch(/^STEP +CALLS +QUOTED +TOKENS/);
  expect(labels).toMatch(/^labels +1,512 +1,500 \(1,400–1,700\) +99,000 .* sample of 20 rows, 1 of them failed$/);
  expect(judged).toMatch(/^judged +– +1,500/);
  expect(total).toMatch(/^total +– +2 /);
  expect(quoteTable({ quote: null })).toBe('');
});
