import { PermanentError, RefusedError } from '@apwa/contracts';
import { type OpenCapability } from '../capabilities/capability-call.js';
import { hostOf, isListed } from './hosts.js';
import { readText, type Web } from './web.js';
import { WebError } from './web-error.js';

const TIMEOUT_MS = 30_000;
/** Of what is read, unpacked. */
const MAX_BYTES = 2 * 1024 * 1024;
const REDIRECTS = 5;

/** Reads what is at a URL. RefusedError if the configuration allows no host. */
export const openFetch = (web: Web, hosts: readonly string[]): OpenCapability['call'] => {
  if (hosts.length === 0)
    throw new RefusedError('no_fetch_hosts', 'The configuration allows builtin:fetch no host: capabilities.fetchHosts names them.', {
      field: 'capability',
      value: 'builtin:fetch',
    });
  const check = (url: URL): void => {
    if (!isListed(url, hosts)) throw new WebError('forbidden', `${hostOf(url)} is not among capabilities.fetchHosts of the configuration`);
  };
  return async ({ given, control }) => {
    const url = URL.parse(typeof given.url === 'string' ? given.url : '');
    if (!url) throw new PermanentError('invalid_arguments', 'url is no URL');
    try {
      const response = await web.request(url, { timeoutMs: TIMEOUT_MS, signal: control.signal, redirects: REDIRECTS, check });
      const text = await readText(response, MAX_BYTES, { host: url.host, timeoutMs: TIMEOUT_MS });
      return { status: response.status, type: response.headers.get('content-type'), text };
    } catch (error) {
      if (control.signal.aborted) return null;
      throw error;
    }
  };
};
