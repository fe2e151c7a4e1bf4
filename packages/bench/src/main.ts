#!/usr/bin/env node
import { ApwaError } from '@apwa/contracts';
import { createProgram } from './program.js';

/** 1: the benchmark failed; 2: it was asked for what there is not. Goals that are missed are figures like others. */
try {
  await createProgram().parseAsync();
} catch (thrown) {
  const error = ApwaError.from(thrown);
  process.stderr.write(`bench: ${error.message}${error.details.allowed ? ` Allowed: ${error.details.allowed}` : ''}\n`);
  process.exitCode = error.class === 'refused' ? 2 : 1;
}
