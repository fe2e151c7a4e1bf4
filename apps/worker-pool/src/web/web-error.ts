import { PermanentError, type RowErrorCode } from '@apwa/contracts';

/** Why something could not be had from the web. */
export type WebReason = 'forbidden' | 'redirects' | 'too_large' | 'timeout' | 'unreachable' | 'connection';

const codes = {
  forbidden: 'capability_failed',
  redirects: 'capability_failed',
  too_large: 'capability_bad_output',
  timeout: 'capability_timeout',
  unreachable: 'connection',
  connection: 'connection',
} as const satisfies Record<WebReason, RowErrorCode>;

/** As the error of a row. It names hosts, and never a query or a header. */
export class WebError extends PermanentError {
  constructor(
    readonly reason: WebReason,
    message: string,
    cause?: unknown,
  ) {
    super(codes[reason], message, { cause });
  }

  /** Another try may have another outcome. */
  get mayPass(): boolean {
    return this.reason === 'timeout' || this.reason === 'connection' || this.reason === 'unreachable';
  }

  /** Nothing has been sent. */
  get unsent(): boolean {
    return this.reason === 'forbidden' || this.reason === 'unreachable';
  }
}
