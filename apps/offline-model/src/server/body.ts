import { type IncomingMessage } from 'node:http';
import { type z } from 'zod';
import { ChatRequest, KNOWN_PARAMETERS, MODEL_ID } from './chat.js';
import { HttpError, invalidRequest } from './errors.js';

/** The largest request, in bytes. */
const MAX_BODY = 64 * 1024 * 1024;

export const readBody = (request: IncomingMessage): Promise<string> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= MAX_BODY) chunks.push(chunk);
    });
    request.on('end', () =>
      bytes > MAX_BODY
        ? reject(new HttpError(413, 'invalid_request_error', null, `The request is larger than ${MAX_BODY} bytes.`))
        : resolve((chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)).toString('utf8')),
    );
    request.on('error', reject);
    request.on('close', () => reject(new HttpError(499, 'invalid_request_error', null, 'The caller hung up.')));
  });

/** @throws HttpError 400 naming the parameter, 404 for another model */
export const parseChatRequest = (body: string): ChatRequest => {
  const request = check(parseJson(body));
  if (request.model !== MODEL_ID) {
    throw new HttpError(
      404,
      'invalid_request_error',
      'model_not_found',
      `The model '${request.model}' does not exist; this server has '${MODEL_ID}'.`,
      'model',
    );
  }
  const choice = request.tool_choice;
  if (typeof choice === 'object' && choice && !request.tools?.some(({ function: { name } }) => name === choice.function.name)) {
    throw invalidRequest(`Tool choice '${choice.function.name}' is not among the tools.`, 'tool_choice');
  }
  return request;
};

const parseJson = (body: string): unknown => {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    throw invalidRequest('The body is not valid JSON.');
  }
};

const check = (value: unknown): ChatRequest => {
  const result = ChatRequest.safeParse(value);
  if (!result.success) {
    const [issue] = result.error.issues as [z.core.$ZodIssue];
    const param = issue.path.map(String).join('.') || null;
    throw invalidRequest(`Invalid value${param ? ` for '${param}'` : ''}: ${issue.message}.`, param, 'invalid_value');
  }
  const unknown = Object.keys(result.data).find((name) => !KNOWN_PARAMETERS.has(name));
  if (unknown !== undefined) throw invalidRequest(`Unknown parameter: '${unknown}'.`, unknown, 'unknown_parameter');
  return result.data;
};
