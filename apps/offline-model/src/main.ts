import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { DEFAULT_OPTIONS } from './server/options.js';
import { startOfflineModel } from './server/server.js';

const number =
  (least: number, most: number, whole = true) =>
  (text: string): number => {
    const value = Number(text);
    if (text.trim() === '' || !(value >= least && value <= most) || (whole && !Number.isInteger(value))) {
      throw new InvalidArgumentError(`It must be a ${whole ? 'whole ' : ''}number from ${least} to ${most}.`);
    }
    return value;
  };
const MILLISECONDS = number(0, 3_600_000);
const PER_MINUTE = number(1, 1_000_000_000);
const SHARE = number(0, 1, false);

interface CommandLine {
  host: string;
  port: number;
  latency: number;
  jitter: number;
  rpm?: number;
  tpm?: number;
  limitWindow: number;
  errorRate: number;
  malformedRate: number;
  seed: number;
  apiKey?: string;
  contextTokens: number;
}

const program = new Command('offline-model')
  .description('An OpenAI-compatible server that answers by rules. It is no language model.')
  .exitOverride()
  .showSuggestionAfterError()
  .option('--host <host>', 'address to listen on', DEFAULT_OPTIONS.host)
  .option('--port <port>', 'port to listen on; 0 takes a free one', number(0, 65_535), DEFAULT_OPTIONS.port)
  .option('--latency <ms>', 'hold every answer back', MILLISECONDS, DEFAULT_OPTIONS.latencyMs)
  .option('--jitter <ms>', 'hold it back up to this much longer', MILLISECONDS, DEFAULT_OPTIONS.jitterMs)
  .option('--rpm <n>', 'requests per minute; more are refused with 429', PER_MINUTE)
  .option('--tpm <n>', 'tokens per minute; more are refused with 429', PER_MINUTE)
  .option('--limit-window <ms>', 'sliding window of both limits', number(100, 3_600_000), DEFAULT_OPTIONS.limitWindowMs)
  .option('--error-rate <share>', 'share of requests answered with 500', SHARE, DEFAULT_OPTIONS.errorRate)
  .option('--malformed-rate <share>', 'share of answers with broken JSON', SHARE, DEFAULT_OPTIONS.malformedRate)
  .option('--seed <n>', 'which requests the shares hit', number(0, 2 ** 31), DEFAULT_OPTIONS.seed)
  .option('--api-key <key>', 'bearer token to ask for; others get 401')
  .option('--context-tokens <n>', 'longest prompt', number(1, 100_000_000), DEFAULT_OPTIONS.contextTokens);

const main = async (): Promise<void> => {
  const given = program.parse().opts<CommandLine>();
  const server = await startOfflineModel({
    host: given.host,
    port: given.port,
    latencyMs: given.latency,
    jitterMs: given.jitter,
    requestsPerMinute: given.rpm ?? null,
    tokensPerMinute: given.tpm ?? null,
    limitWindowMs: given.limitWindow,
    errorRate: given.errorRate,
    malformedRate: given.malformedRate,
    seed: given.seed,
    apiKey: given.apiKey ?? null,
    contextTokens: given.contextTokens,
  });
  const stop = () => void server.close().then(() => process.exit(0));
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  if (process.env.APWA_LIFELINE === '1') process.stdin.on('end', stop).on('error', stop).resume();
  console.log(JSON.stringify({ listening: server.url }));
};

/** What commander has told already: help, or what is wrong with the command line. */
const WRONG_USAGE = 2;

main().catch((error: unknown) => {
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : WRONG_USAGE);
  console.error(`offline-model: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
});
