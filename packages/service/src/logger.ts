import { type LoggerService } from '@nestjs/common';
import { type DestinationStream, type Level, pino, type Logger } from 'pino';
import { prettyFactory } from 'pino-pretty';
import { hideSecrets } from './secrets.js';

export type { Logger };
export type LogLevel = Level | 'silent';

export interface LoggerOptions {
  /** Texts that no line may hold: keys and passwords. They are replaced wherever they stand, in errors of others too. */
  secrets?: Iterable<string>;
  /** Default: standard output. */
  destination?: { write(line: string): unknown };
  /** Readable lines instead of JSON; default: whether standard output is a terminal. */
  pretty?: boolean;
}

/**
 * The log of a service: one JSON object per line (`level`, `time` in ISO 8601, `service`, `pid`, `msg`), readable lines on a
 * terminal. Lines are written at once: nothing is lost when the process is killed.
 */
export const createLogger = (service: string, level: LogLevel = 'info', options: LoggerOptions = {}): Logger => {
  const out = options.destination ?? process.stdout;
  const secrets = [...(options.secrets ?? [])];
  const pretty = options.pretty ?? (options.destination === undefined && process.stdout.isTTY === true);
  const format = pretty ? prettyFactory({ translateTime: 'SYS:HH:MM:ss', ignore: 'pid,service' }) : (line: string) => line;
  const lines: DestinationStream = {
    write: (line) => void out.write(format(secrets.length > 0 ? hideSecrets(line, secrets) : line)),
  };
  return pino(
    {
      level,
      base: { service, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      // Requests and answers carry keys in headers; settings carry them by these names.
      redact: {
        paths: ['*.apiKey', '*.password', '*.authorization', '*.secretAccessKey', '*.databaseUrl', '*.connectionString'],
        censor: '[hidden]',
      },
    },
    lines,
  );
};

/** Nest's own messages and those of its `Logger` through a log of ours; the context becomes the field `context`. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, ...rest: unknown[]): void {
    this.write('info', message, rest);
  }
  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }
  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }
  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }
  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }
  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  private write(level: Level, message: unknown, rest: unknown[]): void {
    const context = rest.at(-1);
    const fields = typeof context === 'string' && !context.includes('\n') ? { context } : {};
    // How Nest tells of its start-up is for who debugs it.
    const wanted = level === 'info' && typeof context === 'string' && NEST_CONTEXTS.includes(context) ? 'debug' : level;
    const stack = rest.find((part): part is string => typeof part === 'string' && part.includes('\n'));
    if (message instanceof Error) this.logger[wanted]({ ...fields, err: message }, message.message);
    else this.logger[wanted]({ ...fields, ...(stack ? { stack } : {}) }, typeof message === 'string' ? message : JSON.stringify(message));
  }
}

const NEST_CONTEXTS = ['NestFactory', 'InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'NestMicroservice', 'NestApplication'];
