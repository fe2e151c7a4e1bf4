import { type MapStep, type Plan } from '@apwa/contracts';

/** The text of a row, by which the model tells which one it is. */
const textOf = (row: number): string => `Message ${row} from user${row}@example.com about order ${row * 7}.`;

export const rowOf = (prompt: string): number => Number(/Message (\d+) from/.exec(prompt)?.[1] ?? -1);

/** What the model answers for a row, whoever asks and however often. */
export const answerOf = (row: number): { email: string; order: number } => ({ email: `user${row}@example.com`, order: row * 7 });

export const rowsFile = (rows: number) => ({
  name: 'rows.jsonl',
  content: Array.from({ length: rows }, (_, id) => JSON.stringify({ id, text: textOf(id) })).join('\n'),
});

export const STEP = 'orders';
/** What agents call in all turns but the last. */
export const TOOL = 'text_length';

/** `turns`: of agents, answers of the model for each row; 1: each row is asked once. */
export const planOf = (turns: number): Plan => {
  const instructions = 'Say who has written, and about which order: {{text}}';
  const output = { type: 'object', required: ['email', 'order'], properties: { email: { type: 'string' }, order: { type: 'integer' } } };
  const template: MapStep['template'] =
    turns === 1
      ? { mode: 'llm', instructions, output }
      : { mode: 'agent', instructions, output, capabilities: [`builtin:${TOOL}`], limits: { turns } };
  return { version: 1, steps: [{ id: STEP, kind: 'map', input: 'rows', template }], outputs: [STEP] };
};

/** What became of the rows of a run. */
export interface RowCheck {
  /** Rows that are not there, or have no answer. */
  lost: number;
  doubled: number;
  /** Rows with another answer than the one that the model gave. */
  wrong: number;
}

/** Holds a result against the rows that went in. */
export const checkRows = (found: readonly Record<string, unknown>[], rows: number): RowCheck => {
  const seen = new Map<number, number>();
  let wrong = 0;
  let failed = 0;
  for (const row of found) {
    const id = Number(row.id);
    seen.set(id, (seen.get(id) ?? 0) + 1);
    const { email, order } = answerOf(id);
    if (row._status !== 'ok') failed++;
    else if (row.text !== textOf(id) || row.email !== email || Number(row.order) !== order) wrong++;
  }
  const missing = Array.from({ length: rows }, (_, id) => id).filter((id) => !seen.has(id)).length;
  const doubled = [...seen.values()].reduce((sum, times) => sum + times - 1, 0);
  return { lost: missing + failed, doubled, wrong };
};
