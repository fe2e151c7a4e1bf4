import { type PoolBackend, type Slot } from './pool-backend.js';

/** Members that somebody else starts, replaces and stops: replicas of a container, or processes on other machines. */
export class ExternalBackend implements PoolBackend {
  constructor(readonly pool: string) {}

  /** Nobody sees these members die: their leases run out. */
  async start(): Promise<void> {}

  /** How many there are is not for this service to say. */
  async scale(): Promise<void> {}

  /** Members that are to go hear it with their heartbeats; whoever runs them starts others. */
  async replace(): Promise<void> {}

  async kill(): Promise<void> {}

  slots(): readonly Slot[] {
    return [];
  }

  owns(): boolean {
    return false;
  }

  waitingFor(): string {
    return `waiting for members of pool ${this.pool} to join`;
  }

  someWaitFor(): null {
    return null;
  }

  admits(): 'yes' {
    return 'yes';
  }

  async stop(): Promise<void> {}
}
