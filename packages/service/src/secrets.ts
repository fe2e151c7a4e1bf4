/** What stands in a log instead of a secret. */
const HIDDEN = '[hidden]';

/** Shorter ones are not looked for in texts: they would be found in innocent words. */
const SHORTEST_SECRET = 6;

/** The same text with every occurrence of the secrets hidden, also as they look inside of JSON and of URLs. */
export const hideSecrets = (text: string, secrets: Iterable<string>): string => {
  let result = text;
  for (const secret of secrets) {
    if (secret.length < SHORTEST_SECRET) continue;
    for (const form of new Set([secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)]))
      result = result.replaceAll(form, HIDDEN);
  }
  return result;
};

/** A URL without user and password, for logs. What is no URL is hidden as a whole. */
export const withoutCredentials = (url: string): string => {
  const parsed = URL.parse(url);
  if (!parsed) return HIDDEN;
  if (parsed.username || parsed.password) {
    parsed.username = '';
    parsed.password = '';
  }
  // What follows the path may hold keys too (`?password=…`, signed URLs).
  return `${parsed.protocol}//${parsed.host}${parsed.pathname}`;
};

/** Passwords in URLs, for `createLogger`. */
export const secretsOf = (...urls: (string | undefined)[]): string[] =>
  urls.flatMap((url) => {
    const password = url === undefined ? undefined : URL.parse(url)?.password;
    return password ? [password, decodeURIComponent(password)] : [];
  });

type Scalar = string | number | boolean | null;

/**
 * What a service logs of its settings at start: of the named paths (`manager.port`, `log.level`) the values that are plain, URLs
 * among them without credentials. It is an allow-list: a setting that is added later is not logged before somebody says so.
 */
export const loggable = (settings: object, paths: readonly string[]): Record<string, Scalar> => {
  const chosen: Record<string, Scalar> = {};
  for (const path of paths) {
    const value = path.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined | null)?.[key], settings);
    if (typeof value === 'string') chosen[path] = /^[\w+.-]+:\/\//.test(value) ? withoutCredentials(value) : value;
    else if (typeof value === 'number' || typeof value === 'boolean' || value === null) chosen[path] = value;
  }
  return chosen;
};
