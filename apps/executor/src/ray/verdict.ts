import { type RayJob } from '@apwa/ray';

/** What was found out about a fabric that does not answer. */
export interface Findings {
  /** Milliseconds for which it has not answered though NATS was there; since its submission, if it never did. */
  readonly silentMs: number;
  /** It has answered before. */
  readonly answered: boolean;
  /** Of the cluster: now, and when the fabric was submitted. */
  readonly session: string;
  readonly submittedIn: string;
  readonly healthy: boolean;
  /** Null: the cluster knows of none. */
  readonly job: RayJob | null;
}

export type Verdict =
  | { readonly kind: 'wait'; readonly why: string }
  /** It is gone for certain: the next one can be submitted. */
  | { readonly kind: 'gone'; readonly why: string; /** By a fault of its own: trying again may not help. */ readonly failed: boolean }
  /** It is there by Ray's word and does not answer: it is stopped, and the next one submitted. */
  | { readonly kind: 'replace'; readonly why: string };

/** One that has answered before is given up after this. */
export const SILENT_MS = 10_000;
/** A first start may take long: Ray unpacks it and starts workers. */
export const START_MS = 60_000;

/** What follows from it; a job's status can lie, so it is believed only where it says that the job has ended. */
export const verdictOn = ({ silentMs, answered, session, submittedIn, healthy, job }: Findings): Verdict => {
  if (!healthy) return { kind: 'wait', why: 'its control store does not answer' };
  if (session !== submittedIn) return { kind: 'gone', why: 'the cluster was started anew', failed: false };
  if (!job) return { kind: 'gone', why: 'the cluster does not know it any more', failed: false };
  switch (job.status) {
    case 'SUCCEEDED':
    case 'STOPPED':
      return { kind: 'gone', why: 'it has ended', failed: false };
    case 'FAILED':
      return { kind: 'gone', why: job.message ?? 'it has failed', failed: true };
    case 'PENDING':
    case 'RUNNING': {
      const patienceMs = answered ? SILENT_MS : START_MS;
      const why = answered ? `it has not answered for ${Math.round(silentMs / 1_000)} s` : 'it is starting';
      return silentMs < patienceMs ? { kind: 'wait', why } : { kind: 'replace', why };
    }
  }
};
