import { PermanentError, type RowErrorCode } from '@apwa/contracts';

/** Answers that another try may change. */
export const PASSING = [408, 425, 429, 500, 502, 503, 504];

/** An answer over HTTP that is no success, as the error of a row. */
export class StatusError extends PermanentError {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(codeOf(status), message);
  }

  /**
   * What is known of the call then. A 4xx is said by who read the request and did not take it; 408 by who did not wait for it, or for those behind. 307
   * and 308 send it elsewhere, as it was. Of other redirects (many come after what was asked for is done) and of 5xx nobody knows.
   */
  get proves(): 'not_carried_out' | 'nothing' {
    const { status } = this;
    const refused = (status >= 400 && status < 500 && status !== 408) || status === 307 || status === 308;
    return refused ? 'not_carried_out' : 'nothing';
  }
}

const codeOf = (status: number): RowErrorCode => {
  if (status === 429) return 'rate_limited';
  return PASSING.includes(status) ? 'provider_error' : 'capability_failed';
};
