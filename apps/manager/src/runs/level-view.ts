import { type RunLevel, type StageCounts, addCounts, noCounts } from '@apwa/contracts';
import { snapshotOf } from '../stages/stages.repository.js';
import { type TableRow, levelOf } from '../tables/tables.repository.js';

/** The levels of a step as clients see them. `tables`: in the order in which they are made. */
export const levelsView = (tables: readonly TableRow[]): RunLevel[] => {
  const bundles = tables.filter((table) => levelOf(table)?.kind === 'bundles' && table.rows !== 0n);
  return bundles.map((table): RunLevel => {
    const answers = answersOf(tables).find(({ level }) => level === table.level);
    const { ok, failed } = countsOfStage(answers);
    return {
      level: table.level ?? 0,
      bundles: table.rows === null ? null : Number(table.rows),
      answered: ok + failed,
      tables: [table.id, ...(answers ? [answers.id] : [])],
    };
  });
};

/** What the answers of all levels took; their rows are no rows of the step. */
export const spentInLevels = (tables: readonly TableRow[]): StageCounts => {
  const { usage, costUsd, calls } = answersOf(tables).map(countsOfStage).reduce(addCounts, noCounts());
  return { ...noCounts(), usage, costUsd, calls };
};

const answersOf = (tables: readonly TableRow[]): TableRow[] => tables.filter((table) => levelOf(table)?.kind === 'answers');

const countsOfStage = (table: TableRow | undefined): StageCounts => {
  const stage = snapshotOf(table?.stage ?? null);
  return stage ? (stage.state === 'running' ? stage.progress : stage.counts) : noCounts();
};
