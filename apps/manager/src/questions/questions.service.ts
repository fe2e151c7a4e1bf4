import { executorOperations, type Operation, TransientError } from '@apwa/contracts';
import { Messaging, type RequestOptions } from '@apwa/messaging';
import { Injectable } from '@nestjs/common';
import { setTimeout as wait } from 'node:timers/promises';
import { type z } from 'zod';

/** A member that was called is waited for this long: a process that loads a service on a busy machine. Milliseconds. */
const COMING_MS = 30_000;
/** Between two tries meanwhile, in milliseconds. */
const AGAIN_MS = 200;

/** Asks members of the pools about tables. Where nobody is there for want of work, a member is called and waited for. */
@Injectable()
export class QuestionsService {
  constructor(private readonly messaging: Messaging) {}

  /** Answers and throws as `Messaging.request` does; the deadline begins when there is somebody to answer. */
  async ask<O extends Operation>(
    operation: O,
    payload: z.input<O['request']>,
    options: RequestOptions = {},
  ): Promise<z.output<O['reply']>> {
    const until = performance.now() + COMING_MS;
    for (;;) {
      try {
        return await this.messaging.request(operation, payload, options);
      } catch (thrown) {
        const alone = thrown instanceof TransientError && thrown.code === 'no_responder' && performance.now() < until;
        if (!alone || !(await this.#isComing(options.signal))) throw thrown;
        await wait(AGAIN_MS);
        options.signal?.throwIfAborted();
      }
    }
  }

  async #isComing(signal?: AbortSignal): Promise<boolean> {
    try {
      return (await this.messaging.request(executorOperations.callMember, {}, signal ? { signal } : {})).coming;
    } catch (thrown) {
      if (thrown instanceof TransientError) return false;
      throw thrown;
    }
  }
}
