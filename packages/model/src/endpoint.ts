import { type EndpointConfig } from '@apwa/config';
import { type ApwaError, noUsage, type ToldLimits } from '@apwa/contracts';
import { type LoweredSchema } from '@apwa/json-schema';
import OpenAI from 'openai';
import { type Outcome, readChoice } from './answer.js';
import { type KeyReader, keyReaderOf } from './api-key.js';
import { Completion } from './completion.js';
import { type Callee, errorOf, headersOf, refusalOf, refusedBy } from './errors.js';
import { withCall } from './failed-call.js';
import { type CallFigures, type ModelAnswer, type ModelRequest } from './model.js';
import { faultOf } from './refusals.js';
import { bodyOf } from './request-body.js';
import { countTokens, mostTokens, requestTexts } from './tokens.js';
import { toldLimitsOf } from './told-limits.js';
import { type Transport } from './transport.js';
import { costOf, parseUsage } from './usage.js';

/** Our tokenizer is not every model's: what is left for the answer is told with this much to spare. */
const COUNT_MARGIN = 1.05;

type Body = OpenAI.Chat.Completions.ChatCompletionCreateParamsNonStreaming;

/** One endpoint of a model: makes calls, one try each. */
export class Endpoint {
  private readonly client: OpenAI;
  private readonly readKey: KeyReader;
  private readonly host: string;

  constructor(
    private readonly config: EndpointConfig,
    transport: Transport,
    private readonly lower: (schema: Record<string, unknown>, mode: EndpointConfig['structuredOutput']) => LoweredSchema,
    private readonly place: string,
  ) {
    this.host = new URL(config.baseUrl).host;
    this.readKey = keyReaderOf(config, place);
    // Everything that the client would take from the environment is set: nothing of another account may be sent here.
    this.client = new OpenAI({
      baseURL: config.baseUrl,
      // Each call brings its own header.
      apiKey: 'none',
      adminAPIKey: null,
      organization: null,
      project: null,
      webhookSecret: null,
      maxRetries: 0,
      logLevel: 'off',
      fetch: transport.fetch,
    });
  }

  async complete(request: ModelRequest, signal: AbortSignal | undefined): Promise<ModelAnswer> {
    signal?.throwIfAborted();
    const { config } = this;
    const lowered = request.output ? this.lower(request.output.schema, config.structuredOutput) : undefined;
    const outputTokens = await this.roomFor(request);
    const key = await this.readKey();
    const callee: Callee = { host: this.host, model: config.name, key, place: this.place };
    const timeoutMs = request.timeoutMs ?? config.timeoutMs;
    const startedAt = performance.now();
    const latency = () => Math.round(performance.now() - startedAt);

    let answered: unknown;
    let told: ToldLimits | null;
    try {
      const { data, response } = await this.client.chat.completions
        .create(bodyOf(request, config, lowered, outputTokens) as Body, {
          headers: { Authorization: key === undefined ? null : `Bearer ${key}` },
          timeout: timeoutMs,
          ...(signal ? { signal } : {}),
        })
        .withResponse();
      answered = data;
      told = toldLimitsOf(response.headers);
    } catch (thrown) {
      signal?.throwIfAborted();
      const error = errorOf(thrown, callee, { timeoutMs, latencyMs: latency() });
      // A call that went out and did not come back may have been charged: nobody knows for how much.
      const usageEstimated = error.code === 'timeout' || error.code === 'connection';
      throw withCall(error, { ...this.figures(latency(), toldLimitsOf(headersOf(thrown))), usageEstimated, text: null });
    }
    return await this.answerOf(answered, request, lowered, callee, this.figures(latency(), told));
  }

  private figures(latencyMs: number, told: ToldLimits | null): CallFigures {
    return { usage: noUsage(), usageEstimated: false, costUsd: 0, model: this.config.name, latencyMs, told };
  }

  private async answerOf(
    answered: unknown,
    request: ModelRequest,
    lowered: LoweredSchema | undefined,
    callee: Callee,
    call: CallFigures,
  ): Promise<ModelAnswer> {
    const broken = (error: ApwaError) => withCall(error, { ...call, text: null });
    const parsed = Completion.safeParse(answered);
    const inside = typeof answered === 'object' && answered !== null ? (answered as { error?: unknown }).error : undefined;
    // Gateways send a provider's error with status 200, for the whole answer or in its choice.
    const error = parsed.success ? (parsed.data.choices[0]?.error ?? undefined) : inside;
    if (error !== undefined && error !== null) throw broken(this.errorInside(error, callee));
    const [choice] = parsed.success ? parsed.data.choices : [];
    if (!parsed.success || !choice)
      throw broken(faultOf('provider_error', `${this.host} answered for ${callee.model} with something that is no completion`));

    const outcome = readChoice(choice, request, lowered, callee.model);
    const figures = { ...call, ...(await this.usageOf(parsed.data.usage, request, outcome)) };
    if (outcome.kind === 'fault') throw withCall(outcome.error, { ...figures, text: outcome.text });
    return { ...outcome, ...figures };
  }

  private errorInside(error: unknown, callee: Callee): ApwaError {
    const { code } = error as { code?: unknown };
    const status = typeof code === 'number' && code >= 400 && code < 600 ? code : 502;
    return refusedBy(refusalOf(status, error), callee, undefined, error);
  }

  private async usageOf(
    block: unknown,
    request: ModelRequest,
    outcome: Outcome,
  ): Promise<Pick<CallFigures, 'usage' | 'usageEstimated' | 'costUsd'>> {
    const { contextTokens, prices } = this.config;
    const parsed = parseUsage(block, contextTokens);
    if (parsed) return { usage: parsed.usage, usageEstimated: parsed.cut, costUsd: costOf(parsed.usage, prices) };
    const { texts, marks } = requestTexts(request);
    const written =
      outcome.kind === 'tool_calls'
        ? [outcome.text ?? '', ...outcome.calls.map((call) => `${call.name} ${call.arguments}`)]
        : [outcome.text ?? ''];
    const input = Math.min((await countTokens(texts)) + marks, contextTokens);
    const usage = { ...noUsage(), input, output: Math.min(await countTokens(written), contextTokens) };
    return { usage, usageEstimated: true, costUsd: costOf(usage, prices) };
  }

  /** Tokens that the answer may have. Throws `context_exceeded` if the prompt leaves none: servers may cut a prompt without a word. */
  private async roomFor(request: ModelRequest): Promise<number> {
    const { contextTokens, outputTokens, name } = this.config;
    const wanted = request.maxOutputTokens ?? outputTokens;
    const { texts, marks } = requestTexts(request);
    if (mostTokens(texts) + marks + wanted <= contextTokens) return wanted;
    const counted = (await countTokens(texts, contextTokens)) + marks;
    if (counted >= contextTokens)
      throw withCall(faultOf('context_exceeded', `The request has more tokens than the ${contextTokens} that ${name} takes`), {
        ...this.figures(0, null),
        text: null,
      });
    return Math.max(1, Math.min(wanted, contextTokens - Math.ceil(counted * COUNT_MARGIN)));
  }
}
