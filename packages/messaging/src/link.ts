import { Logger } from '@nestjs/common';
import { type NatsConnection } from '@nats-io/transport-node';
import { TransientError } from '@apwa/contracts';
import { reasonOf } from './abort.js';
import { Refusals, unpublishedSubject } from './refusals.js';

/** Whether the connection stands, and who wants to know when it breaks or is back. */
export class Link {
  connected = true;
  private readonly log = new Logger('Messaging');
  private readonly onUp = new Set<() => void>();
  private readonly onDown = new Set<() => void>();
  private readonly onRefused = new Set<(subject: string) => void>();
  private readonly refusals = new Refusals();
  private closed = false;

  constructor(private readonly connection: NatsConnection) {
    void this.follow();
  }

  /** Called each time the connection is back. Returns what ends that. */
  onConnect(callback: () => void): () => void {
    this.onUp.add(callback);
    return () => this.onUp.delete(callback);
  }

  /** Called each time the connection breaks, also when it is closed. */
  onDisconnect(callback: () => void): () => void {
    this.onDown.add(callback);
    return () => this.onDown.delete(callback);
  }

  /** Called with each subject that NATS did not let this connection publish to. Returns what ends that. */
  onRefusal(callback: (subject: string) => void): () => void {
    this.onRefused.add(callback);
    return () => this.onRefused.delete(callback);
  }

  /** Resolves at once if connected. Rejects with the signal's reason, or when the connection is closed for good. */
  async whenConnected(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.closed) throw closedError();
    if (this.connected) return;
    await new Promise<void>((resolve, reject) => {
      const settle = (act: () => void) => () => {
        stopUp();
        stopDown();
        signal?.removeEventListener('abort', aborted);
        act();
      };
      const stopUp = this.onConnect(settle(resolve));
      const stopDown = this.onDisconnect(settle(() => reject(closedError())));
      const aborted = settle(() => reject(reasonOf(signal)));
      signal?.addEventListener('abort', aborted);
    });
  }

  private async follow(): Promise<void> {
    for await (const status of this.connection.status()) {
      this.refusals.note(status);
      const refused = unpublishedSubject(status);
      if (refused !== null) for (const callback of [...this.onRefused]) callback(refused);
      if (status.type === 'disconnect') this.down('NATS is gone; reconnecting');
      else if (status.type === 'reconnect') this.up();
      else if (status.type === 'slowConsumer') this.log.warn('NATS: messages come faster than they are taken');
    }
    this.closed = true;
    this.down('The connection to NATS is closed');
  }

  private down(message: string): void {
    // While disconnected only the final close is news: it ends what waits for the connection.
    if (!this.connected && !this.closed) return;
    this.connected = false;
    if (this.closed) this.log.debug(message);
    else this.log.warn(message);
    for (const callback of [...this.onDown]) callback();
  }

  private up(): void {
    if (this.connected) return;
    this.connected = true;
    this.log.log('NATS is back');
    for (const callback of [...this.onUp]) callback();
  }
}

export const closedError = () => new TransientError('connection_closed', 'The connection to NATS was closed by this process.');
