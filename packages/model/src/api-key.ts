import { type EndpointConfig } from '@apwa/config';
import { RefusedError } from '@apwa/contracts';
import { readFile } from 'node:fs/promises';

/** A key that was replaced in its file is used after this time. */
const KEPT_MS = 5_000;

export type KeyReader = () => Promise<string | undefined>;

/** Gives an endpoint's key, or undefined where it has none. A file is read again every few seconds. */
export const keyReaderOf = ({ apiKey, apiKeyFile }: EndpointConfig, place: string): KeyReader => {
  if (!apiKeyFile) return async () => apiKey;
  let kept: { key: Promise<string>; readAt: number } | undefined;
  const read = async (): Promise<string> => {
    const key = await readFile(apiKeyFile, 'utf8').then(
      (text) => text.trim(),
      () => '',
    );
    if (key === '') {
      kept = undefined;
      throw new RefusedError('authentication', `apiKeyFile ${apiKeyFile} holds no key that can be read.`, {
        field: `${place}apiKeyFile`,
        value: apiKeyFile,
        allowed: 'a file that can be read, with the key in it',
      });
    }
    return key;
  };
  return () => {
    const now = performance.now();
    if (!kept || now - kept.readAt > KEPT_MS) kept = { key: read(), readAt: now };
    return kept.key;
  };
};
