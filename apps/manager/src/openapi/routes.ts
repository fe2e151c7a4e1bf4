import {
  ApiKey,
  ApiKeyList,
  ApproveRequest,
  CreatedKey,
  CreateKeyRequest,
  Export,
  ExportId,
  ExportRequest,
  Health,
  ImportRequest,
  KeyId,
  Page,
  PoolList,
  PruneReport,
  PruneRequest,
  RedriveRequest,
  ResumeRequest,
  Run,
  RunEvent,
  RunId,
  RunList,
  RunRequest,
  StorageCheckEvent,
  StorageCheckRequest,
  Table,
  TableHead,
  TableId,
  TableList,
  Upload,
  UploadId,
} from '@apwa/contracts';
import { z } from 'zod';
import { type Need } from '../access/needs.js';
import { HeadQuery } from '../tables/head-query.js';
import { FileQuery } from '../uploads/file-query.js';

/** An operation of the HTTP API, as the OpenAPI document describes it. A test holds this list against the routes that are served. */
export interface Route {
  method: 'get' | 'post' | 'put' | 'delete';
  path: string;
  summary: string;
  /** Who may call it. */
  needs: Need;
  params?: Record<string, z.ZodType>;
  query?: z.ZodObject;
  /** `bytes`: the body is a file. */
  body?: z.ZodType | 'bytes';
  status: number;
  /** Null: the content is described by `contentTypes` alone. */
  answer: z.ZodType | null;
  contentTypes?: string[];
}

const run = { id: RunId };
const table = { id: TableId };
const upload = { id: UploadId };
const exported = { id: ExportId };
const key = { id: KeyId };

export const routes: Route[] = [
  { method: 'post', path: '/v1/runs', needs: 'run', summary: 'Begins a run', body: RunRequest, status: 201, answer: Run },
  { method: 'get', path: '/v1/runs', needs: 'read', summary: 'Lists runs, newest first', query: Page, status: 200, answer: RunList },
  { method: 'get', path: '/v1/runs/{id}', needs: 'read', summary: 'Shows a run', params: run, status: 200, answer: Run },
  {
    method: 'get',
    path: '/v1/runs/{id}/events',
    needs: 'read',
    summary: 'Sends a run whenever it changes, as server-sent events, until it has ended',
    params: run,
    status: 200,
    answer: RunEvent,
    contentTypes: ['text/event-stream'],
  },
  { method: 'post', path: '/v1/runs/{id}/cancel', needs: 'run', summary: 'Cancels a run', params: run, status: 200, answer: Run },
  {
    method: 'post',
    path: '/v1/runs/{id}/pause',
    needs: 'run',
    summary: 'Pauses a run: calls in flight are finished, nothing new begins',
    params: run,
    status: 200,
    answer: Run,
  },
  {
    method: 'post',
    path: '/v1/runs/{id}/resume',
    needs: 'run',
    summary: 'Lets a paused run go on where it was, with a raised budget where it has used its own up',
    params: run,
    body: ResumeRequest,
    status: 200,
    answer: Run,
  },
  {
    method: 'post',
    path: '/v1/runs/{id}/approve',
    needs: 'run',
    summary: 'Lets a run go on that waits for approval, with its plan or an edited one',
    params: run,
    body: ApproveRequest,
    status: 200,
    answer: Run,
  },
  {
    method: 'post',
    path: '/v1/runs/{id}/redrive',
    needs: 'run',
    summary: 'Does the failed rows of a run that has ended again, with other templates if wanted, as a run of its own',
    params: run,
    body: RedriveRequest,
    status: 201,
    answer: Run,
  },
  { method: 'post', path: '/v1/uploads', needs: 'run', summary: 'Begins an upload', status: 201, answer: Upload },
  { method: 'get', path: '/v1/uploads/{id}', needs: 'read', summary: 'Shows an upload', params: upload, status: 200, answer: Upload },
  {
    method: 'put',
    path: '/v1/uploads/{id}/files',
    needs: 'run',
    summary: 'Adds a file to an upload; the body is its bytes',
    params: upload,
    query: FileQuery,
    body: 'bytes',
    status: 200,
    answer: Upload,
  },
  {
    method: 'post',
    path: '/v1/tables',
    needs: 'run',
    summary: 'Imports an upload into a table',
    body: ImportRequest,
    status: 202,
    answer: Table,
  },
  { method: 'get', path: '/v1/tables', needs: 'read', summary: 'Lists tables, newest first', query: Page, status: 200, answer: TableList },
  { method: 'get', path: '/v1/tables/{id}', needs: 'read', summary: 'Shows a table', params: table, status: 200, answer: Table },
  {
    method: 'delete',
    path: '/v1/tables/{id}',
    needs: 'admin',
    summary: 'Deletes a table with its exports, unless something needs it',
    params: table,
    status: 200,
    answer: PruneReport,
  },
  {
    method: 'post',
    path: '/v1/tables/prune',
    needs: 'admin',
    summary: 'Deletes old tables with their exports, and runs that are left without a table',
    body: PruneRequest,
    status: 200,
    answer: PruneReport,
  },
  {
    method: 'get',
    path: '/v1/tables/{id}/head',
    needs: 'read',
    summary: 'Shows the first rows of a table',
    params: table,
    query: HeadQuery,
    status: 200,
    answer: TableHead,
  },
  {
    method: 'post',
    path: '/v1/tables/{id}/exports',
    needs: 'run',
    summary: 'Begins to write a table as a file',
    params: table,
    body: ExportRequest,
    status: 202,
    answer: Export,
  },
  { method: 'get', path: '/v1/exports/{id}', needs: 'read', summary: 'Shows an export', params: exported, status: 200, answer: Export },
  {
    method: 'get',
    path: '/v1/exports/{id}/content',
    needs: 'read',
    summary: 'Sends the file that an export has written',
    params: exported,
    status: 200,
    answer: null,
    contentTypes: ['application/vnd.apache.parquet', 'text/csv', 'application/x-ndjson'],
  },
  {
    method: 'post',
    path: '/v1/storage/check',
    needs: 'admin',
    summary:
      'Looks for objects in storage that nothing names any more, and removes them if wanted; sends what it finds as server-sent events',
    body: StorageCheckRequest,
    status: 200,
    answer: StorageCheckEvent,
    contentTypes: ['text/event-stream'],
  },
  {
    method: 'get',
    path: '/v1/pools',
    needs: 'read',
    summary: 'Lists the pools with their members and what waits for them',
    status: 200,
    answer: PoolList,
  },
  {
    method: 'post',
    path: '/v1/keys',
    needs: 'admin',
    summary: 'Makes a key; the answer alone holds the key itself',
    body: CreateKeyRequest,
    status: 201,
    answer: CreatedKey,
  },
  { method: 'get', path: '/v1/keys', needs: 'admin', summary: 'Lists keys, newest first', query: Page, status: 200, answer: ApiKeyList },
  {
    method: 'post',
    path: '/v1/keys/{id}/revoke',
    needs: 'admin',
    summary: 'Revokes a key: it is good for nothing from then on',
    params: key,
    status: 200,
    answer: ApiKey,
  },
  { method: 'get', path: '/healthz', needs: 'open', summary: 'Whether the process lives', status: 200, answer: Health },
  { method: 'get', path: '/readyz', needs: 'open', summary: 'Whether Postgres and NATS can be used', status: 200, answer: Health },
  { method: 'get', path: '/openapi.json', needs: 'open', summary: 'This document', status: 200, answer: z.record(z.string(), z.unknown()) },
];
