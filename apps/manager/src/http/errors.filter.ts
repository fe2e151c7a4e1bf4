import { type ApwaError, type ErrorBody, RefusedError } from '@apwa/contracts';
import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Inject } from '@nestjs/common';
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { ofAnything } from '../database/errors.js';
import { LOG, type Logger } from '../settings.js';

const STATUS_OF_REFUSAL: Partial<Record<string, number>> = {
  not_found: 404,
  deleted: 410,
  wrong_state: 409,
  in_use: 409,
  plan_changed: 409,
  upload_in_use: 409,
  too_large: 413,
  key_missing: 401,
  key_unknown: 401,
  key_revoked: 401,
  key_expired: 401,
  scope_too_small: 403,
  foreign_host: 403,
  foreign_origin: 403,
  last_admin_key: 409,
  builtin_capability: 409,
};

const statusOf = (error: ApwaError): number => {
  switch (error.class) {
    case 'refused':
      return STATUS_OF_REFUSAL[error.code] ?? 400;
    case 'permanent':
      return 422;
    case 'transient':
      return error.code === 'too_many_requests' ? 429 : 503;
    case 'internal':
      return 500;
  }
};

/** Every answer that is not 2xx has an `ErrorBody`. */
@Catch()
export class ErrorsFilter implements ExceptionFilter {
  constructor(@Inject(LOG) private readonly log: Logger) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<IncomingMessage>();
    const response = http.getResponse<ServerResponse>();
    const { status, error } = ofRequest(thrown, request);
    if (error.class === 'internal') {
      const stack = thrown instanceof Error ? thrown.stack : undefined;
      const path = request.url?.split('?')[0];
      this.log.error({ method: request.method, path, error: error.toPayload(), stack }, 'a request failed');
    }
    // Nothing more can be said once the content has begun: the connection is cut, so that nobody takes a part for the whole.
    if (response.headersSent) response.destroy();
    else void answer(request, response, status, error);
  }
}

const answer = async (request: IncomingMessage, response: ServerResponse, status: number, error: ApwaError): Promise<void> => {
  await drain(request);
  if (!request.complete) response.setHeader('connection', 'close');
  const { retryAfterMs } = error.details;
  if (retryAfterMs !== undefined) response.setHeader('retry-after', Math.ceil(retryAfterMs / 1_000));
  if (status === 401) response.setHeader('www-authenticate', 'Bearer');
  const body: ErrorBody = { error: error.toPayload() };
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
};

/** How long a client that is refused may go on sending, in milliseconds. */
const LINGER_MS = 2_000;

/** Who is still sending would find its connection cut and never read the answer: for a while the rest is thrown away. */
const drain = async (request: IncomingMessage): Promise<void> => {
  if (request.complete || request.destroyed) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, LINGER_MS);
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    request.once('end', done).once('close', done).on('error', done).resume();
  });
};

const ofRequest = (thrown: unknown, { url = '' }: IncomingMessage): { status: number; error: ApwaError } => {
  if (thrown instanceof HttpException) {
    const status = thrown.getStatus();
    const place = { field: 'path', value: url.split('?')[0], allowed: 'methods and paths of /openapi.json' };
    return { status, error: new RefusedError(status === 404 ? 'not_found' : 'invalid_request', thrown.message, place) };
  }
  const error = ofAnything(thrown);
  return { status: statusOf(error), error };
};
