import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { RowValues, type JsonValue } from '@apwa/contracts';
import type { Client } from '@apwa/sdk';
import type { FindingFields, FindingsShape } from './columns.js';

/** What was found in a message. */
export interface Findings {
  id: string;
  entities: { type: string; value: string }[];
}

const entityOf = (value: JsonValue | undefined, { type, value: text }: FindingFields): Findings['entities'] => {
  const fields = RowValues.safeParse(value).data;
  const [foundType, foundText] = [fields?.[type], fields?.[text]];
  return typeof foundType === 'string' && typeof foundText === 'string' ? [{ type: foundType, value: foundText }] : [];
};

/** Rows of a table of findings, message by message. Rows that do not say their message's id are left out. */
export const findingsOf = (rows: RowValues[], shape: FindingsShape): Findings[] => {
  const byId = new Map<string, Findings>();
  for (const row of rows) {
    if (typeof row.id !== 'string') continue;
    const findings = byId.get(row.id) ?? { id: row.id, entities: [] };
    byId.set(row.id, findings);
    const items = shape.kind === 'rows' ? [row] : row[shape.column];
    if (Array.isArray(items)) findings.entities.push(...items.flatMap((item) => entityOf(item, shape.fields)));
  }
  return [...byId.values()];
};

/** All rows of a table that did not fail. */
export const rowsOf = async (client: Client, tableId: string): Promise<RowValues[]> => {
  const { id } = await client.tables.export(tableId, { format: 'jsonl' });
  await client.tables.waitForExport(id);
  const content = Readable.fromWeb((await client.tables.content(id)) as Parameters<typeof Readable.fromWeb>[0]);
  const rows: RowValues[] = [];
  for await (const line of createInterface({ input: content, crlfDelay: Infinity })) if (line) rows.push(RowValues.parse(JSON.parse(line)));
  return rows;
};
