import { noUsage, type RowResult } from '@apwa/contracts';

/** What becomes of a row that was answered at its first call, but for what `more` says. */
export const answeredRow = (row: number, more: Partial<RowResult> = {}): RowResult => ({
  row,
  status: 'ok',
  output: {},
  error: null,
  attempts: 1,
  model: null,
  usage: noUsage(),
  usageEstimated: false,
  costUsd: 0,
  latencyMs: 1,
  traceId: null,
  ...more,
});
