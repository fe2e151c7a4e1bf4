import { authOf } from '@apwa/config';
import { TransientError } from '@apwa/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { performance } from 'node:perf_hooks';
import { KeysService } from '../keys/keys.service.js';
import { CONFIG, type Config } from '../settings.js';
import { type Caller } from './admit.js';
import { foreignTo } from './from-here.js';
import { RateLimit } from './rate-limit.js';

/** Who is asked nothing: whoever watches over the service, and who wants to know what there is. */
const OPEN_PATHS = new Set(['/healthz', '/readyz', '/openapi.json']);

/** A request, once the gate has let it through. */
export type Admitted = IncomingMessage & { caller?: Caller };

/**
 * What every request passes before anything of its body is read: it must have a key, or come from this machine where no keys are asked
 * for, and come no more often than is allowed. What its caller may do is for the guard to say, which knows the handler.
 */
@Injectable()
export class Gate {
  private readonly asksForKeys: boolean;
  private readonly limit: RateLimit;

  constructor(
    private readonly keys: KeysService,
    @Inject(CONFIG) { manager }: Config,
  ) {
    this.asksForKeys = authOf(manager) === 'keys';
    this.limit = new RateLimit(manager.requestsPerMinute);
  }

  /** As middleware. */
  readonly middleware = (request: Admitted, _response: ServerResponse, next: (error?: unknown) => void): void => {
    this.admit(request).then(
      () => next(),
      (error: unknown) => next(error),
    );
  };

  private async admit(request: Admitted): Promise<void> {
    if (OPEN_PATHS.has(request.url?.split('?')[0] ?? '')) return;
    const address = `address ${request.socket.remoteAddress ?? 'unknown'}`;
    const caller = this.asksForKeys ? await this.holder(request, address) : ofThisMachine(request, address);
    this.count(caller.bucket);
    request.caller = caller;
  }

  private async holder(request: Admitted, address: string): Promise<Caller> {
    try {
      const { id, scope } = await this.keys.authenticate(request.headers.authorization);
      return { bucket: `key ${id}`, scope };
    } catch (error) {
      // Who has no key is held back too, and takes nothing from those of the same address that have one.
      this.count(address);
      throw error;
    }
  }

  private count(bucket: string): void {
    const waitMs = this.limit.take(bucket, performance.now());
    if (waitMs > 0) throw tooMany(this.limit.perMinute, waitMs);
  }
}

const ofThisMachine = ({ headers }: IncomingMessage, address: string): Caller => {
  const foreign = foreignTo(headers);
  if (foreign) throw foreign;
  return { bucket: address, scope: 'admin' };
};

const tooMany = (perMinute: number, waitMs: number): TransientError =>
  new TransientError('too_many_requests', `There were more than ${perMinute} requests in a minute.`, {
    allowed: `${perMinute} requests per minute (manager.requestsPerMinute)`,
    retryAfterMs: waitMs,
  });
