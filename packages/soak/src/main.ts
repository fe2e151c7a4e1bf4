#!/usr/bin/env node
import { ApwaError } from '@apwa/contracts';
import { Logger } from '@nestjs/common';
import { createProgram } from './program.js';

Logger.overrideLogger(['error', 'fatal']);

/** 1: something was wrong in a round, or the soak itself failed; 2: it was asked for what there is not. */
try {
  await createProgram((summary) => {
    process.stdout.write(`${JSON.stringify(summary)}\n`);
    if (summary.failedSeeds.length > 0) process.exitCode = 1;
  }).parseAsync();
} catch (thrown) {
  const error = ApwaError.from(thrown);
  process.stderr.write(`soak: ${error.message}${error.details.allowed ? ` Allowed: ${error.details.allowed}` : ''}\n`);
  process.exitCode = error.class === 'refused' ? 2 : 1;
}
