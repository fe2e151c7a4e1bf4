import { newId, noCopies, noCounts, noUsage, type Run, type RunStep } from '@apwa/contracts';

const at = (ms: number) => new Date(ms).toISOString();

/** A step that was started at 0 and is under way. */
export const aStep = (rest: Partial<RunStep> = {}): RunStep => ({
  id: 'labels',
  kind: 'map',
  state: 'running',
  stageId: null,
  tableId: null,
  rows: 1_500,
  rowsIn: 1_500,
  counts: noCounts(),
  copies: noCopies(),
  startedAt: at(0),
  finishedAt: null,
  pausedMs: 0,
  waitingFor: null,
  paused: false,
  ...rest,
});

/** A run that was started at 0 and is under way. */
export const aRun = (rest: Partial<Run> = {}): Run => ({
  id: newId('run'),
  goal: 'x',
  redriveOf: null,
  state: 'running',
  version: 1,
  inputs: [],
  plan: null,
  planVersion: null,
  planning: { turns: 0, usage: noUsage(), costUsd: 0 },
  quote: null,
  sampling: { calls: 0, usage: noUsage(), costUsd: 0 },
  amendments: [],
  replaced: { calls: 0, usage: noUsage(), costUsd: 0 },
  steps: [],
  outputs: [],
  paused: null,
  pausedMs: 0,
  budget: null,
  error: null,
  cancelReason: null,
  createdAt: at(0),
  startedAt: at(0),
  finishedAt: null,
  ...rest,
});
