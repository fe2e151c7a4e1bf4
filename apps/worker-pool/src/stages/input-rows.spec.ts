import {
  BOOKKEEPING_COLUMNS,
  type Column,
  type CommittedShard,
  type MapInput,
  newId,
  noCounts,
  noUsage,
  type RowResult,
  type ShardRange,
  type StageInput,
  sizeOf,
} from '@apwa/contracts';
import { openStorage, type Storage, writeManifest, writeMapPart } from '@apwa/tables';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openInput } from './input-rows.js';

const ROWS = 12;
const FAILED = 4;
const column = (name: string): Column => ({ name, type: 'VARCHAR' });

// Real: parts and manifests in a folder.
describe('rows of a stage that is under way', () => {
  let folder: string;
  let storage: Storage;
  const shards = new Map<string, CommittedShard[]>();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'apwa-input-'));
    storage = await openStorage({ url: `file://${folder}` });
  });
  afterAll(() => rm(folder, { recursive: true }));

  /** The part of these rows, each with the column's name and its number. */
  const part = (key: string, name: string, { first, last }: ShardRange) => {
    const results = Array.from({ length: last - first + 1 }, (_, n): RowResult => {
      const row = first + n;
      const failed = row === FAILED && name === 'mood';
      return {
        row,
        status: failed ? 'failed' : 'ok',
        output: failed ? null : { [name]: `${name} ${row}` },
        error: failed ? { code: 'refused', message: 'no' } : null,
        attempts: 1,
        model: 'small',
        usage: noUsage(),
        usageEstimated: false,
        costUsd: 0,
        latencyMs: 1,
        traceId: null,
      };
    });
    return writeMapPart(storage, key, { columns: [column(name)], results });
  };
  const commit = async (stageId: string, name: string, range: ShardRange): Promise<void> => {
    const content = {
      part: await part(`parts/${stageId}/${range.first}.parquet`, name, range),
      rejected: null,
      columns: [],
      counts: noCounts(),
    };
    shards.set(stageId, [...(shards.get(stageId) ?? []), { shardId: newId('shard'), range, content }]);
  };
  /** As the executor answers. */
  const committed = async (stageId: string, { first, last }: ShardRange): Promise<CommittedShard[]> =>
    (shards.get(stageId) ?? []).filter(({ range }) => range.first <= last && range.last >= first);

  const table = async (): Promise<MapInput> => {
    const tableId = newId('table');
    const whole = { first: 0, last: ROWS - 1 };
    const below = await writeManifest(storage, { tableId, version: 1, columns: [], rows: 0, ownColumns: [], parts: [] });
    const file = await part(`parts/${tableId}.parquet`, 'text', whole);
    const columns = [column('text')];
    return writeManifest(storage, {
      tableId: newId('table'),
      version: 1,
      columns,
      rows: sizeOf(whole),
      base: below,
      ownColumns: [...columns, ...BOOKKEEPING_COLUMNS],
      parts: [{ ...file, firstRow: 0 }],
    });
  };
  const over = (base: MapInput, columns: Column[], name: string): StageInput => ({
    stageId: newId('stage'),
    tableId: newId('table'),
    rows: ROWS,
    columns: [...columns, column(name), ...BOOKKEEPING_COLUMNS.filter((one) => one.name !== '_row')],
    ownColumns: [column(name), ...BOOKKEEPING_COLUMNS],
    base,
  });

  it('should be read through all the stages that made them, whatever pieces they were committed in', async () => {
    const first = over(await table(), [column('text')], 'mood');
    const second = over(first, [column('text'), column('mood')], 'tone');
    for (const range of [
      { first: 8, last: 11 },
      { first: 2, last: 4 },
      { first: 5, last: 6 },
    ])
      await commit(first.stageId, 'mood', range);
    await commit(second.stageId, 'tone', { first: 3, last: 6 });
    const input = await openInput(second, storage, committed);
    expect(input.columns).toEqual(expect.arrayContaining(['text', 'mood', 'tone', '_status']));
    expect(await input.read({ first: 3, last: 5 }, ['tone', 'text', 'mood'])).toEqual([
      { tone: 'tone 3', text: 'text 3', mood: 'mood 3', _status: 'ok', _error_code: null },
      { tone: 'tone 4', text: 'text 4', mood: null, _status: 'ok', _error_code: null },
      { tone: 'tone 5', text: 'text 5', mood: 'mood 5', _status: 'ok', _error_code: null },
    ]);
    // Which of them had failed is what the stage itself says of them.
    const rows = await (await openInput(first, storage, committed)).read({ first: 4, last: 4 }, ['text']);
    expect(rows).toEqual([{ text: 'text 4', _status: 'failed', _error_code: 'refused' }]);
  });

  it('should never be fewer than were asked for: what is missing is waited for', async () => {
    const first = over(await table(), [column('text')], 'mood');
    await commit(first.stageId, 'mood', { first: 0, last: 3 });
    await commit(first.stageId, 'mood', { first: 5, last: 7 });
    const input = await openInput(first, storage, committed);
    await expect(input.read({ first: 2, last: 6 }, ['text'])).rejects.toMatchObject({ code: 'rows_not_there', class: 'transient' });
    expect(await input.read({ first: 5, last: 7 }, ['text'])).toHaveLength(3);
  });
});
