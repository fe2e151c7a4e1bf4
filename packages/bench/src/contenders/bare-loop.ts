import { readFile } from 'node:fs/promises';
import { type ContenderMessage, type Task } from './task.js';

const tell = (message: ContenderMessage): void => void process.send?.(message);

/** `concurrency` workers that take the next row until there are none; how many were answered. */
const loop = async (rows: readonly string[], concurrency: number, answer: (text: string) => Promise<unknown>): Promise<number> => {
  const answers: unknown[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < rows.length) {
      const row = next++;
      answers[row] = await answer(rows[row] as string);
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, rows.length) }, work));
  return answers.filter((one) => one !== undefined).length;
};

/** A bare loop as a contender: no retries, no journal, nothing kept but the answers. `answer`: of a row's text. */
export const runBareLoop = async (task: Task, answer: (text: string) => Promise<unknown>): Promise<void> => {
  try {
    const lines = (await readFile(task.rowsFile, 'utf8')).split('\n').slice(0, Math.max(task.rows, task.warmUp));
    const texts = lines.map((line) => (JSON.parse(line) as { text: string }).text);
    await loop(texts.slice(0, task.warmUp), task.concurrency, answer);
    // Stays until it is killed: its CPU time is read after its last word.
    process.on('message', () => {
      loop(texts.slice(0, task.rows), task.concurrency, answer).then(
        (answered) => tell({ kind: 'done', answered }),
        (error: unknown) => tell({ kind: 'failed', message: String(error) }),
      );
    });
    tell({ kind: 'ready' });
  } catch (error) {
    tell({ kind: 'failed', message: String(error) });
  }
};
