import {
  ApproveRequest,
  Export,
  ExportId,
  ExportRequest,
  Health,
  ImportRequest,
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
import { HeadQuery } from '../tables/head-query.js';
import { FileQuery } from '../uploads/file-query.js';

/** An operation of the HTTP API, as the OpenAPI document describes it. A test holds this list against the routes that are served. */
export interface Route {
  method: 'get' | 'post' | 'put' | 'delete';
  path: string;
  summary: string;
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

export const routes: Route[] = [
  { method: 'post', path: '/v1/runs', summary: 'Begins a run', body: RunRequest, status: 201, answer: Run },
  { method: 'get', path: '/v1/runs', summary: 'Lists runs, newest first', query: Page, status: 200, answer: RunList },
  { method: 'get', path: '/v1/runs/{id}', summary: 'Shows a run', params: run, status: 200, answer: Run },
  {
    method: 'get',
    path: '/v1/runs/{id}/events',
    summary: 'Sends a run whenever it changes, as server-sent events, until it has ended',
    params: run,
    status: 200,
    answer: RunEvent,
    contentTypes: ['text/event-stream'],
  },
  { method: 'post', path: '/v1/runs/{id}/cancel', summary: 'Cancels a run', params: run, status: 200, answer: Run },
  {
    method: 'post',
    path: '/v1/runs/{id}/pause',
    summary: 'Pauses a run: calls in flight are finished, nothing new begins',
    params: run,
    status: 200,
    answer: Run,
  },
  {
    method: 'post',
    path: '/v1/runs/{id}/resume',
    summary: 'Lets a paused run go on where it was, with a raised budget where it has used its own up',
    params: run,
    body: ResumeRequest,
    status: 200,
    answer: Run,
  },
  {
    method: 'post',
    path: '/v1/runs/{id}/approve',
    summary: 'Lets a run go on that waits for approval, with its plan or an edited one',
    params: run,
    body: ApproveRequest,
    status: 200,
    answer: Run,
  },
  {
    method: 'post',
    path: '/v1/runs/{id}/redrive',
    summary: 'Does the failed rows of a run that has ended again, with other templates if wanted, as a run of its own',
    params: run,
    body: RedriveRequest,
    status: 201,
    answer: Run,
  },
  { method: 'post', path: '/v1/uploads', summary: 'Begins an upload', status: 201, answer: Upload },
  { method: 'get', path: '/v1/uploads/{id}', summary: 'Shows an upload', params: upload, status: 200, answer: Upload },
  {
    method: 'put',
    path: '/v1/uploads/{id}/files',
    summary: 'Adds a file to an upload; the body is its bytes',
    params: upload,
    query: FileQuery,
    body: 'bytes',
    status: 200,
    answer: Upload,
  },
  { method: 'post', path: '/v1/tables', summary: 'Imports an upload into a table', body: ImportRequest, status: 202, answer: Table },
  { method: 'get', path: '/v1/tables', summary: 'Lists tables, newest first', query: Page, status: 200, answer: TableList },
  { method: 'get', path: '/v1/tables/{id}', summary: 'Shows a table', params: table, status: 200, answer: Table },
  {
    method: 'delete',
    path: '/v1/tables/{id}',
    summary: 'Deletes a table with its exports, unless something needs it',
    params: table,
    status: 200,
    answer: PruneReport,
  },
  {
    method: 'post',
    path: '/v1/tables/prune',
    summary: 'Deletes old tables with their exports, and runs that are left without a table',
    body: PruneRequest,
    status: 200,
    answer: PruneReport,
  },
  {
    method: 'get',
    path: '/v1/tables/{id}/head',
    summary: 'Shows the first rows of a table',
    params: table,
    query: HeadQuery,
    status: 200,
    answer: TableHead,
  },
  {
    method: 'post',
    path: '/v1/tables/{id}/exports',
    summary: 'Begins to write a table as a file',
    params: table,
    body: ExportRequest,
    status: 202,
    answer: Export,
  },
  { method: 'get', path: '/v1/exports/{id}', summary: 'Shows an export', params: exported, status: 200, answer: Export },
  {
    method: 'get',
    path: '/v1/exports/{id}/content',
    summary: 'Sends the file that an export has written',
    params: exported,
    status: 200,
    answer: null,
    contentTypes: ['application/vnd.apache.parquet', 'text/csv', 'application/x-ndjson'],
  },
  {
    method: 'post',
    path: '/v1/storage/check',
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
    summary: 'Lists the pools with their members and what waits for them',
    status: 200,
    answer: PoolList,
  },
  { method: 'get', path: '/healthz', summary: 'Whether the process lives', status: 200, answer: Health },
  { method: 'get', path: '/readyz', summary: 'Whether Postgres and NATS can be used', status: 200, answer: Health },
  { method: 'get', path: '/openapi.json', summary: 'This document', status: 200, answer: z.record(z.string(), z.unknown()) },
];
