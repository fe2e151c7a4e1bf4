#!/usr/bin/env node
import { Command } from 'commander';
import { EXIT, type ExitCode } from '../exit.js';
import { readCount } from '../inputs/count.js';
import { execute } from '../program.js';
import { runDev } from './dev.js';

const MAX_PORT = 65_535;
const result: { code: ExitCode } = { code: EXIT.succeeded };
const program = new Command('dev')
  .description('Keeps the whole stack up on this machine; what is changed is built, and the services that it concerns start again.')
  .option('--port <N>', 'where the manager listens', '8484')
  .action(async ({ port }: { port: string }) => {
    result.code = await runDev(readCount('--port', port, MAX_PORT));
  });
process.exitCode = await execute(program, process.argv.slice(2), result);
