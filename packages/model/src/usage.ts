import { type PricesConfig } from '@apwa/config';
import { type TokenUsage } from '@apwa/contracts';

export interface ParsedUsage {
  usage: TokenUsage;
  /** A figure was above what the model can take, and was cut. */
  cut: boolean;
}

type Block = Record<string, unknown>;

const blockOf = (value: unknown): Block => (typeof value === 'object' && value !== null ? (value as Block) : {});

/** The first of the keys that is there. Throws on what cannot be a number of tokens: then the whole block is not to be trusted. */
const tokens = (block: Block, ...keys: string[]): number | undefined => {
  for (const key of keys) {
    const value = block[key];
    if (value === undefined || value === null) continue;
    if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) throw new RangeError(key);
    return Math.round(value);
  }
  return undefined;
};

interface Totals {
  /** All that was read, caches included. */
  read: number;
  cacheRead: number;
  cacheWrite: number;
  /** All that was written, reasoning included. */
  written: number;
  reasoning: number;
}

const readTotals = (block: Block): Totals | undefined => {
  const promptDetails = blockOf(block.prompt_tokens_details ?? block.input_tokens_details);
  const writtenDetails = blockOf(block.completion_tokens_details ?? block.output_tokens_details);
  const prompt = tokens(block, 'prompt_tokens', 'promptTokenCount');
  const input = tokens(block, 'input_tokens');
  const first = prompt ?? input;
  const completion = tokens(block, 'completion_tokens', 'output_tokens', 'candidatesTokenCount') ?? 0;
  if (first === undefined) return undefined;

  const included = tokens(promptDetails, 'cached_tokens') ?? tokens(block, 'prompt_cache_hit_tokens', 'cachedContentTokenCount');
  const beside = tokens(block, 'cache_read_input_tokens');
  const cacheRead = Math.max(included ?? 0, beside ?? 0);
  const cacheWrite =
    tokens(block, 'cache_creation_input_tokens') ?? tokens(promptDetails, 'cache_write_tokens', 'cache_creation_tokens') ?? 0;
  // Anthropic's own `input_tokens` leave the caches out; a `prompt_tokens` smaller than the caches must do so too.
  const cachesOutside =
    prompt === undefined ? included === undefined && (beside !== undefined || cacheWrite > 0) : first < cacheRead + cacheWrite;
  const read = cachesOutside ? first + cacheRead + cacheWrite : first;

  const told = tokens(writtenDetails, 'reasoning_tokens') ?? tokens(block, 'reasoning_tokens', 'thoughtsTokenCount');
  const total = tokens(block, 'total_tokens', 'totalTokenCount');
  // Where the total is larger than both sides, reasoning was counted beside the answer (Gemini, xAI); else it is part of it.
  const rest = total === undefined ? 0 : Math.max(0, total - read - completion);
  const reasoningOutside = rest > 0 && (told === undefined || rest >= told);
  const reasoning = reasoningOutside ? rest : Math.min(told ?? 0, completion);
  return { read, cacheRead, cacheWrite, written: reasoningOutside ? completion + rest : completion, reasoning };
};

/**
 * A `usage` block of any provider in disjoint classes, cut to `contextTokens` on each side; undefined if there is none, or
 * one that cannot be true (negative, no numbers): tokens are then to be counted by us.
 */
export const parseUsage = (block: unknown, contextTokens: number): ParsedUsage | undefined => {
  let totals: Totals | undefined;
  try {
    totals = readTotals(blockOf(block));
  } catch {
    return undefined;
  }
  if (!totals || (totals.read === 0 && totals.written === 0)) return undefined;
  const read = Math.min(totals.read, contextTokens);
  const written = Math.min(totals.written, contextTokens);
  const cacheRead = Math.min(totals.cacheRead, read);
  const cacheWrite = Math.min(totals.cacheWrite, read - cacheRead);
  const reasoning = Math.min(totals.reasoning, written);
  return {
    usage: { input: read - cacheRead - cacheWrite, cacheRead, cacheWrite, output: written - reasoning, reasoning },
    cut: read < totals.read || written < totals.written,
  };
};

/** What tokens cost, in USD; prices are per million, and reasoning costs what output does. */
export const costOf = (usage: TokenUsage, prices: PricesConfig | undefined): number => {
  if (!prices) return 0;
  const { input, cacheRead, cacheWrite, output, reasoning } = usage;
  return (
    (input * prices.input + cacheRead * prices.cacheRead + cacheWrite * prices.cacheWrite + (output + reasoning) * prices.output) / 1e6
  );
};
