import { type IncomingMessage, type ServerResponse } from 'node:http';

/**
 * Of every answer. None of them is a page: a browser that is shown one runs and loads nothing of it, puts it into no frame and
 * takes it for nothing but what it says it is. Answers hold the caller's data: nobody on the way keeps them.
 */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
};

/** As middleware, before any other. */
export const securityHeaders = (_request: IncomingMessage, response: ServerResponse, next: () => void): void => {
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
  next();
};
