import { ApwaError, StorageCheckEvent, TransientError, type StorageCheckRequest } from '@apwa/contracts';
import type { z } from 'zod';
import type { Http } from './http.js';
import { serverSentEvents } from './server-sent-events.js';

/** What a check finds, and its end. */
export type StorageCheckFinding = Exclude<StorageCheckEvent, { type: 'failed' }>;

export const storageClient = (http: Http) => ({
  /**
   * Looks for objects that nothing names any more, and removes them if wanted; `done` is the last event. Throws what the check
   * failed with, or a TransientError if the connection breaks: what was removed until then is removed.
   */
  async *check(
    request: z.input<typeof StorageCheckRequest> = {},
    { signal }: { signal?: AbortSignal } = {},
  ): AsyncGenerator<StorageCheckFinding, void> {
    const { body } = await http.send('POST', '/v1/storage/check', { body: request, signal });
    if (body)
      for await (const data of serverSentEvents(body)) {
        const event = StorageCheckEvent.parse(JSON.parse(data));
        if (event.type === 'failed') throw ApwaError.fromPayload(event.error);
        yield event;
        if (event.type === 'done') return;
      }
    throw new TransientError('connection_lost', 'The check of the storage ended before it was done.');
  },
});
export type StorageClient = ReturnType<typeof storageClient>;
