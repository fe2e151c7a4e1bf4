import { Logger } from '@nestjs/common';
import { errors, type Status } from '@nats-io/transport-node';

/** Says what NATS refuses a connection: each thing once, until it is connected anew. */
export class Refusals {
  private readonly log = new Logger('Messaging');
  private readonly told = new Set<string>();

  note(status: Status): void {
    if (status.type === 'reconnect') this.told.clear();
    if (status.type !== 'error') return;
    const text = describe(status.error);
    if (this.told.has(text) || this.told.size >= MAX_TOLD) return;
    this.told.add(text);
    this.log.error(text);
  }
}

/** Different ones that are told for one connection at most. */
const MAX_TOLD = 100;

/** The subject that a service was not let publish to; null if it was something else. */
export const unpublishedSubject = (status: Status): string | null =>
  status.type === 'error' && status.error instanceof errors.PermissionViolationError && status.error.operation === 'publish'
    ? status.error.subject
    : null;

const describe = (error: Error): string => {
  if (!(error instanceof errors.PermissionViolationError)) return `NATS: ${error.message}`;
  const what = error.operation === 'publish' ? 'publish to' : 'subscribe to';
  return `NATS refuses: this service's user may not ${what} ${error.subject}`;
};
