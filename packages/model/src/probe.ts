import { PermanentError, RefusedError, TransientError } from '@apwa/contracts';
import { type Endpoint } from './endpoint.js';
import { type ModelRequest, type ProbeResult } from './model.js';

/** Small, and of the machinery alone: no row is at stake. The cap leaves room for a thought of models that must have one. */
const PROBE: ModelRequest = {
  messages: [{ role: 'user', content: 'Answer with the word ok.' }],
  maxOutputTokens: 64,
  timeoutMs: 20_000,
};

/** An endpoint is well that answers in whatever way, a refusal of this one call included. */
export const probe = async (endpoint: Pick<Endpoint, 'complete'>, signal?: AbortSignal): Promise<ProbeResult> => {
  try {
    await endpoint.complete(PROBE, signal);
    return { kind: 'answered' };
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    if (thrown instanceof RefusedError && thrown.code === 'quota_exhausted') return { kind: 'exhausted', message };
    if (thrown instanceof PermanentError || thrown instanceof RefusedError) return { kind: 'answered' };
    if (thrown instanceof TransientError && (thrown.code === 'rate_limited' || thrown.code === 'malformed')) return { kind: 'answered' };
    return { kind: 'failed', message };
  }
};
