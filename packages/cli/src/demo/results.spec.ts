import type { Column } from '@apwa/contracts';
import { findingsShape, redactedColumn } from './columns.js';
import { findingsOf } from './findings.js';
import { assignResults, type Made } from './results.js';
import { scoreFindings, scoreTable } from './score.js';

const columnsOf = (text: string): Column[] =>
  text.split('; ').map((part) => {
    const [name = '', ...type] = part.split(' ');
    return { name, type: type.join(' ') };
  });
const made = (step: string, text: string): Made => ({ step, tableId: `tbl_${step}`, columns: columnsOf(text) });
const stepsOf = (tables: Made[]) => Object.fromEntries(Object.entries(assignResults(tables)).map(([name, { step }]) => [name, step]));
const LIST = 'entities STRUCT("type" VARCHAR, "value" VARCHAR)[]';

describe('results of a plan', () => {
  it('should be found by their names', () => {
    const tables = [
      made('findings', `id VARCHAR; full_text VARCHAR; redacted VARCHAR; ${LIST}`),
      made('redacted', 'id VARCHAR; redacted VARCHAR'),
      made('by_type', 'type VARCHAR; n BIGINT'),
    ];
    expect(stepsOf(tables)).toEqual({ findings: 'findings', redacted: 'redacted', by_type: 'by_type' });
  });

  it('should be found by their columns where a model named them otherwise', () => {
    const tables = [
      made('pii_counts', 'entity_type VARCHAR; total BIGINT'),
      made('anonymised', 'id VARCHAR; full_text VARCHAR; masked_text VARCHAR'),
      made('detect', 'id VARCHAR; full_text VARCHAR; found STRUCT("start" BIGINT, "entity_type" VARCHAR, "text" VARCHAR)[]'),
    ];
    expect(stepsOf(tables)).toEqual({ findings: 'detect', redacted: 'anonymised', by_type: 'pii_counts' });
  });

  it('should be one table where findings and redacted text stand side by side', () => {
    expect(stepsOf([made('all', `id VARCHAR; full_text VARCHAR; ${LIST}; redacted_text VARCHAR`)])).toEqual({
      findings: 'all',
      redacted: 'all',
    });
  });

  it('should not be the messages themselves', () => {
    expect(stepsOf([made('copy', 'id VARCHAR; full_text VARCHAR'), made('lengths', 'id VARCHAR; n BIGINT')])).toEqual({});
    expect(redactedColumn(columnsOf('id VARCHAR; full_text VARCHAR'))).toBeUndefined();
  });
});

describe('findings', () => {
  const expected = [
    {
      id: 'm1',
      entities: [
        { type: 'PERSON', value: 'Ada' },
        { type: 'AGE', value: '36' },
      ],
    },
    { id: 'm2', entities: [] },
  ];

  it('should be read of a list in each row', () => {
    const shape = findingsShape(columnsOf(`id VARCHAR; full_text VARCHAR; ${LIST}`));
    const entities = [
      { type: 'PERSON', value: 'Ada' },
      { type: 'AGE', value: '36' },
    ];
    expect(shape).toEqual({ kind: 'list', column: 'entities', fields: { type: 'type', value: 'value' } });
    expect(findingsOf([{ id: 'm1', entities }, { id: 'm2', entities: null }, { entities }], shape as never)).toEqual(expected);
  });

  it('should be read of a row each', () => {
    const shape = findingsShape(columnsOf('id VARCHAR; pii_type VARCHAR; value VARCHAR'));
    expect(shape).toEqual({ kind: 'rows', fields: { type: 'pii_type', value: 'value' } });
    const rows = [
      { id: 'm1', pii_type: 'PERSON', value: 'Ada' },
      { id: 'm2', pii_type: null, value: null },
      { id: 'm1', pii_type: 'AGE', value: '36' },
    ];
    expect(findingsOf(rows, shape as never)).toEqual(expected);
  });

  it('should be compared with the labels by the one implementation that there is', async () => {
    const folder = new URL('../../../../examples/pii/', import.meta.url);
    const findings = [
      {
        id: 'm0001',
        entities: [
          { type: 'organisation', value: 'Persint' },
          { type: 'AGE', value: '7' },
        ],
      },
    ];
    const scores = await scoreFindings(folder, findings);
    expect(scores.overall).toMatchObject({ precision: 0.5, found: 2 });
    const lines = scoreTable(scores).split('\n');
    expect(lines.find((line) => line.startsWith('ORGANIZATION'))).toMatch(/^ORGANIZATION +1\.000 +0\.004 +1 +250$/);
    expect(lines.at(-1)).toMatch(/^all +0\.500 /);
  });
});
