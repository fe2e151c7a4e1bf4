import { readFile } from 'node:fs/promises';
import { columns } from '../output.js';
import { number } from '../display/format.js';
import type { Findings } from './findings.js';

interface Score {
  precision: number | null;
  recall: number | null;
  found: number;
  labelled: number;
}

export interface Scores {
  perType: ({ type: string } & Score)[];
  overall: Score;
}

/** `examples/pii/score.mjs`, which stands beside the data and is used by itself, too. */
interface ScoreModule {
  score: (findings: Iterable<Findings>, labels: Iterable<unknown>) => Scores;
}

/** Compares findings with the labels of `examples/pii`. Neither plan nor model has seen them. */
export const scoreFindings = async (folder: URL, findings: Iterable<Findings>): Promise<Scores> => {
  const { score } = (await import(new URL('score.mjs', folder).href)) as ScoreModule;
  const labels = await readFile(new URL('labels.jsonl', folder), 'utf8');
  return score(
    findings,
    labels
      .split('\n')
      .filter(Boolean)
      .map((line): unknown => JSON.parse(line)),
  );
};

const share = (value: number | null): string => (value === null ? '-' : value.toFixed(3));

const row = (name: string, { precision, recall, found, labelled }: Score): string[] => [
  name,
  share(precision).padStart(9),
  share(recall).padStart(6),
  number(found).padStart(6),
  number(labelled).padStart(8),
];

/** Precision and recall as a table, the overall ones last. */
export const scoreTable = ({ perType, overall }: Scores): string =>
  columns([['TYPE', 'PRECISION', 'RECALL', ' FOUND', 'LABELLED'], ...perType.map((one) => row(one.type, one)), row('all', overall)]);
