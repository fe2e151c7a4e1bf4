import { type StorageCheckEvent, type StorageCheckRequest, TransientError } from '@apwa/contracts';
import { Injectable } from '@nestjs/common';
import { once } from 'node:events';
import { type ServerResponse } from 'node:http';
import { ofAnything } from '../database/errors.js';
import { StorageCheckService } from './storage-check.service.js';

/** Sends what a check finds while it goes on: a store of millions of objects takes minutes. */
@Injectable()
export class StorageCheckStreams {
  private readonly open = new Set<AbortController>();

  constructor(private readonly checks: StorageCheckService) {}

  /** Ends all checks. What was removed is removed; a new check finds the rest. */
  closeAll(): void {
    for (const stream of this.open) stream.abort(new TransientError('stopping', 'The manager stops: the check ends here.'));
  }

  /** Whoever goes away ends the check. */
  async send(request: StorageCheckRequest, response: ServerResponse): Promise<void> {
    this.checks.refuse(request);
    const stream = new AbortController();
    this.open.add(stream);
    response.once('close', () => stream.abort(new TransientError('client_gone', 'Nobody listens any more.')));
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      // Proxies that buffer would hold events back.
      'x-accel-buffering': 'no',
    });
    try {
      for await (const event of this.checks.check(request, stream.signal)) await write(response, event, stream.signal);
    } catch (thrown) {
      if (!response.closed) response.write(lineOf({ type: 'failed', error: ofAnything(thrown).toPayload() }));
    } finally {
      this.open.delete(stream);
      response.end();
    }
  }
}

const lineOf = (event: StorageCheckEvent): string => `data: ${JSON.stringify(event)}\n\n`;

const write = async (response: ServerResponse, event: StorageCheckEvent, signal: AbortSignal): Promise<void> => {
  signal.throwIfAborted();
  // A slow client slows the check down, and no buffer grows.
  if (!response.write(lineOf(event))) await once(response, 'drain', { signal });
};
