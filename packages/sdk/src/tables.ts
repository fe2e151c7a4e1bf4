import {
  ApwaError,
  Export,
  PruneReport,
  Table,
  TableHead,
  TableList,
  type ExportRequest,
  type ImportRequest,
  type PruneRequest,
} from '@apwa/contracts';
import type { z } from 'zod';
import type { Http } from './http.js';

export type TableImport = z.input<typeof ImportRequest>;

/** How often a table or an export is asked for while somebody waits for it, in milliseconds. */
const POLL_MS = 200;

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

export const tablesClient = (http: Http) => {
  const get = (id: string) => http.json(Table, 'GET', `/v1/tables/${id}`);
  const getExport = (id: string) => http.json(Export, 'GET', `/v1/exports/${id}`);
  return {
    import: (request: TableImport) => http.json(Table, 'POST', '/v1/tables', { body: request }),
    get,
    list: (page: { limit?: number; after?: string } = {}) => http.json(TableList, 'GET', '/v1/tables', { query: page }),
    head: (id: string, rows = 10) => http.json(TableHead, 'GET', `/v1/tables/${id}/head`, { query: { rows } }),
    export: (id: string, request: z.input<typeof ExportRequest>) =>
      http.json(Export, 'POST', `/v1/tables/${id}/exports`, { body: request }),
    getExport,
    /** Deletes a table with its exports; refused (`in_use`) if a run that has not ended, an export or another table needs it. */
    delete: (id: string) => http.json(PruneReport, 'DELETE', `/v1/tables/${id}`),
    /** Deletes old tables, and with them their exports and the runs that are left without a table; a dry run says which. */
    prune: (request: z.input<typeof PruneRequest>) => http.json(PruneReport, 'POST', '/v1/tables/prune', { body: request }),
    /** The bytes of an export that is ready. */
    async content(id: string): Promise<ReadableStream<Uint8Array>> {
      const { body } = await http.send('GET', `/v1/exports/${id}/content`);
      return body ?? new ReadableStream({ start: (controller) => controller.close() });
    },
    /** The table when it is ready; throws its error if it failed. */
    async wait(id: string): Promise<Table> {
      for (;;) {
        const table = await get(id);
        if (table.error) throw ApwaError.fromPayload(table.error);
        if (table.state === 'ready' || table.state === 'cancelled') return table;
        await pause(POLL_MS);
      }
    },
    /** The export when it is ready; throws its error if it failed. */
    async waitForExport(id: string): Promise<Export> {
      for (;;) {
        const found = await getExport(id);
        if (found.error) throw ApwaError.fromPayload(found.error);
        if (found.state === 'ready' || found.state === 'cancelled') return found;
        await pause(POLL_MS);
      }
    },
  };
};
export type TablesClient = ReturnType<typeof tablesClient>;
