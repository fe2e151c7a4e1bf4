import { type PricesConfig } from '@apwa/config';
import { type Amounts, type TokenUsage } from '@apwa/contracts';

/** Tokens that a request may have beside its texts and its schema: marks of messages, what a provider adds for tools or formats. */
const HIDDEN_TOKENS = 512;
/** Weight of the latest call. */
const LEARNING = 0.1;
/** Deviations of the typical call that are put aside beside it … */
const DEVIATIONS = 3;
/** … and so much more of it while few calls are known. */
const EARLY_CALLS = 8;
const EARLY_ROOM = 1.5;

/** A figure of calls: what it is typically, and how far it strays from that. */
class Figure {
  #mean = 0;
  #square = 0;
  #seen = 0;

  get known(): boolean {
    return this.#seen > 0;
  }

  /** What few calls are above. */
  get high(): number {
    const high = this.#mean + DEVIATIONS * Math.sqrt(this.#square);
    return this.#seen < EARLY_CALLS ? high * EARLY_ROOM : high;
  }

  saw(value: number): void {
    const weight = Math.max(LEARNING, 1 / ++this.#seen);
    const off = value - this.#mean;
    this.#mean += weight * off;
    this.#square = (1 - weight) * (this.#square + weight * off * off);
  }
}

/** What a call can take: bytes of its texts, and the longest answer in tokens. */
export interface CallSize {
  readonly bytes: number;
  readonly outputTokens: number;
}

/** How much of a budget the calls of a stage take. Before one was seen: as much as is possible at all; then learned, with room to spare. */
export class CallCost {
  readonly #perByte = new Figure();
  readonly #output = new Figure();
  /** Share of the full price that a call came to: caches make it less. */
  readonly #share = new Figure();
  /** USD per million tokens, of the dearest endpoint. */
  readonly #inputPrice: number;
  readonly #outputPrice: number;

  constructor(
    prices: readonly (PricesConfig | undefined)[],
    private readonly schemaBytes: number,
  ) {
    this.#inputPrice = Math.max(0, ...prices.map((one) => Math.max(one?.input ?? 0, one?.cacheRead ?? 0, one?.cacheWrite ?? 0)));
    this.#outputPrice = Math.max(0, ...prices.map((one) => one?.output ?? 0));
  }

  /** No token is shorter than a byte, and no answer longer than was asked for. */
  most({ bytes, outputTokens }: CallSize): Amounts {
    const input = bytes + this.schemaBytes + HIDDEN_TOKENS;
    return { usd: this.#price(input, outputTokens), tokens: input + outputTokens, rows: 1 };
  }

  /** Of the first call of a row `rows` is 1. */
  of(size: CallSize, rows: 0 | 1): Amounts {
    const most = this.most(size);
    if (!this.#output.known) return { ...most, rows };
    const input = (size.bytes + this.schemaBytes) * this.#perByte.high;
    const output = Math.min(size.outputTokens, this.#output.high);
    return {
      usd: Math.min(most.usd, this.#price(input, output) * Math.min(1, this.#share.high)),
      tokens: Math.min(most.tokens, input + output),
      rows,
    };
  }

  /** What an answered call took. */
  saw({ bytes }: CallSize, { input, cacheRead, cacheWrite, output, reasoning }: TokenUsage, usd: number): void {
    const [read, written] = [input + cacheRead + cacheWrite, output + reasoning];
    if (read + written === 0) return;
    this.#perByte.saw(read / (bytes + this.schemaBytes));
    this.#output.saw(written);
    const full = this.#price(read, written);
    if (full > 0) this.#share.saw(Math.min(1, usd / full));
  }

  /** A provider's figures, cut to what is possible; `cut` where they were above it. */
  clamp(size: CallSize, taken: Amounts): { taken: Amounts; cut: boolean } {
    const most = this.most(size);
    const cut = taken.usd > most.usd || taken.tokens > most.tokens;
    return { taken: { usd: Math.min(taken.usd, most.usd), tokens: Math.min(taken.tokens, most.tokens), rows: taken.rows }, cut };
  }

  #price(input: number, output: number): number {
    return (input * this.#inputPrice + output * this.#outputPrice) / 1e6;
  }
}
