#!/usr/bin/env node
import { Command } from 'commander';
import { EXIT, type ExitCode } from '../exit.js';
import { execute } from '../program.js';
import { runDemo } from './demo.js';

const result: { code: ExitCode } = { code: EXIT.succeeded };
const program = new Command('demo')
  .description('Finds personal data in the 1,500 messages of examples/pii, and compares it with the labels. Files go to out/demo/.')
  .option('--ray', "has the pool's members run on a Ray cluster that is started on this machine, which takes Python 3.11 or newer")
  .addHelpText(
    'after',
    '\nWithout a key the offline model answers, by rules. OPENAI_API_KEY (with OPENAI_BASE_URL and APWA_MODEL, if you like) names a real one.',
  )
  .action(async ({ ray = false }: { ray?: boolean }) => {
    result.code = await runDemo({ ray });
  });
process.exitCode = await execute(program, process.argv.slice(2), result);
