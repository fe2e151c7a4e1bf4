import { answerOf, checkRows, rowOf, rowsFile } from './task.js';

const result = (ids: readonly number[], change: Record<string, unknown> = {}) =>
  ids.map((id) => ({
    id,
    text: `Message ${id} from user${id}@example.com about order ${id * 7}.`,
    _status: 'ok',
    ...answerOf(id),
    ...change,
  }));

describe('checkRows', () => {
  it('should find nothing wrong with every row once, in any order', () => {
    expect(checkRows(result([2, 0, 1]), 3)).toEqual({ lost: 0, doubled: 0, wrong: 0 });
  });

  it.each([
    ['is missing', result([0, 2]), { lost: 1, doubled: 0, wrong: 0 }],
    ['has failed', [...result([0, 1]), ...result([2], { _status: 'failed', email: null, order: null })], { lost: 1, doubled: 0, wrong: 0 }],
    ['is there twice', result([0, 1, 1, 2]), { lost: 0, doubled: 1, wrong: 0 }],
    ['has the answer of another', [...result([0, 1]), ...result([2], answerOf(1))], { lost: 0, doubled: 0, wrong: 1 }],
  ])('should count a row that %s', (_, rows, found) => {
    expect(checkRows(rows, 3)).toEqual(found);
  });

  it('should tell a row by the text that the model is asked about', () => {
    const [line] = rowsFile(5).content.split('\n').slice(3);
    expect(rowOf((JSON.parse(line as string) as { text: string }).text)).toBe(3);
    expect(rowOf('Are you there?')).toBe(-1);
  });
});
