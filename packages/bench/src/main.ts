#!/usr/bin/env node
import { ApwaError } from '@apwa/contracts';
import { Logger } from '@nestjs/common';
import { createProgram } from './program.js';

// The report is what is printed: of the connection to NATS only what went wrong.
Logger.overrideLogger(['warn', 'error', 'fatal']);

/** 1: the benchmark failed; 2: it was asked for what there is not. Goals that are missed are figures like others. */
try {
  await createProgram().parseAsync();
} catch (thrown) {
  const error = ApwaError.from(thrown);
  process.stderr.write(`bench: ${error.message}${error.details.allowed ? ` Allowed: ${error.details.allowed}` : ''}\n`);
  process.exitCode = error.class === 'refused' ? 2 : 1;
}
