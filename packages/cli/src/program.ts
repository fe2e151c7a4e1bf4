import { FileFormat } from '@apwa/contracts';
import { Command, CommanderError, Option } from 'commander';
import { addCapability, listCapabilities, removeCapability, showCapability } from './commands/capabilities.js';
import { createKey, listKeys, revokeKey } from './commands/keys.js';
import { planCommand, printPlanSchema, type PlanOptions } from './commands/plan.js';
import { listPools } from './commands/pools.js';
import { approveRun, editRun, planOfRun } from './commands/run-plans.js';
import { runCommand, type RunOptions } from './commands/run.js';
import { deleteTable, pruneTables } from './commands/prune.js';
import { cancelRun, listRuns, pauseRun, redriveRun, resumeRun, showRun, watchRun } from './commands/runs.js';
import { checkStorage } from './commands/storage.js';
import { exportTable, headOfTable, importTable, listTables, showTable } from './commands/tables.js';
import { tryCommand } from './commands/try.js';
import { EXIT, exitCodeOf, explain, type ExitCode } from './exit.js';

const collect = (value: string, before: string[]) => [...before, value];

const INPUT_FORMATS = `what files are read as, whatever their endings: ${FileFormat.options.join(', ')}`;

const WITHOUT_INPUTS = 'plan a goal that needs no table';

const ALLOW_UNSAFE =
  'capabilities that the planner may use though calling them twice does harm (default: none; a plan that is given may use any)';

const withInputs = (command: Command): Command =>
  command
    .option('-i, --input <[NAME=]PATH>', 'a file, folder or glob that becomes a table; may be given more than once', collect, [])
    .option('--input-format <FORMAT>', INPUT_FORMATS)
    .option('--skip-bad-rows', 'put broken rows of inputs into a table of their own instead of stopping')
    .option('--sheet <NAME>', 'the sheet of Excel inputs (default: the first one)');

const withBudget = (command: Command): Command =>
  command
    .option('--budget <USD>', 'what all model calls may cost in US dollars, such as 2.50')
    .option('--max-tokens <N>', 'tokens that all model calls may read and write')
    .option('--max-rows <N>', 'rows that may be asked about')
    .option('--max-time <DURATION>', 'working time, pauses not counted, such as 90s, 45m or 2h');

/** The commands, each of which sets `result.code`. */
const createProgram = (result: { code: ExitCode }): Command => {
  const does =
    <Arguments extends unknown[]>(action: (...values: Arguments) => Promise<ExitCode>) =>
    async (...values: Arguments): Promise<void> => {
      result.code = await action(...values);
    };

  const program = new Command('apwa')
    .description('Agent work over more data than any context window holds.')
    .showHelpAfterError('(apwa --help tells more)')
    .option('--key-file <FILE>', 'a file with the key of the manager that APWA_URL names')
    .hook('preAction', () => {
      const { keyFile } = program.opts<{ keyFile?: string }>();
      if (keyFile !== undefined) process.env.APWA_KEY_FILE = keyFile;
    })
    .addHelpText(
      'after',
      '\nEnvironment: APWA_URL names a manager, APWA_KEY is the key that it asks for (or APWA_KEY_FILE its file, as --key-file); without' +
        '\nAPWA_URL a stack is started on this machine for the time of the command, and asks for no key.',
    )
    .addHelpText('after', 'Exit codes: 0 succeeded, 1 failed, 2 wrong usage or input, 3 partially succeeded, 130 interrupted.');

  withBudget(
    withInputs(
      program.command('run').argument('[GOAL]', 'what to do with the inputs, in a sentence').description('plan and run a task over files'),
    ),
  )
    .option('-o, --output <PATH>', 'a file (.parquet, .csv, .jsonl) for the first result, or a folder for all')
    .option('--format <FORMAT>', 'format of files in a folder: parquet, csv, jsonl (default: parquet)')
    .option('--plan <FILE>', 'a plan to run, YAML or JSON; no planner is asked')
    .option('--without-inputs', WITHOUT_INPUTS)
    .option('--approve <auto|ask>', 'ask shows the plan, and waits until it is approved, edited or rejected', 'auto')
    .option('--quote <ROWS|off>', 'find out on so many rows what it costs, before it runs (default: 20 with --approve ask, else off)')
    .option(
      '--amendments <N>',
      'how often the planner may change the plan while it runs (default: 3, with --plan 0 unless a step asks for a look)',
    )
    .option('--allow-unsafe <all|ID,…>', ALLOW_UNSAFE)
    .option('--concurrency <N>', 'model calls in flight at most')
    .option('--reuse <any|off|RUN,…>', 'take answers to the same question from tables of any run, or of these (default: none)')
    .option('--json', 'events as JSON lines, the result last')
    .action(does((goal: string | undefined, options: RunOptions) => runCommand(goal, options)));

  const plan = program.command('plan');
  withInputs(plan.argument('<GOAL>', 'what to do with the inputs').description('plan a task, and print the plan with what it will cost'))
    .option('-o, --output <FILE>', 'write the plan there')
    .option('--without-inputs', WITHOUT_INPUTS)
    .option('--quote <ROWS|off>', 'rows on which it is found out what the plan costs (default: 20)')
    .option('--allow-unsafe <all|ID,…>', ALLOW_UNSAFE)
    .option('--json', 'as JSON instead of YAML')
    .action(does((goal: string, options: PlanOptions) => planCommand(goal, options)));

  plan
    .command('schema')
    .description('the JSON Schema of plans, for editors')
    .option('-o, --output <FILE>', 'write it there')
    .action(does((_: object, command: Command) => printPlanSchema(command.optsWithGlobals<{ output?: string }>())));

  withInputs(
    program
      .command('try')
      .argument('<PLAN>', 'YAML or JSON')
      .description('run a step of a plan on some rows, and beside it that of another plan'),
  )
    .option('-s, --step <STEP>', 'a step of kind map; what it needs is run before it (default: the first one)')
    .option('--rows <N>', 'how many, short ones and long ones', '20')
    .option('--against <PLAN>', 'another plan with such a step')
    .option('--json', 'events as JSON lines, what was tried last')
    .action(does(tryCommand));

  const runs = program.command('runs').description('runs of the manager');
  runs.command('list').description('the latest runs').option('--limit <N>').option('--json').action(does(listRuns));
  runs.command('show').argument('<ID>').description('one run, and what has become of its rows').option('--json').action(does(showRun));
  runs.command('watch').argument('<ID>').description('follow a run until it has ended').option('--json').action(does(watchRun));
  runs
    .command('pause')
    .argument('<ID>')
    .description('begin nothing new of a run, and wait until what is under way has ended')
    .option('-s, --step <STEP>', 'of this step alone; the others go on')
    .option('--json')
    .action(does(pauseRun));
  withBudget(
    runs.command('resume').argument('<ID>').description('let a paused run go on where it was, with a raised budget if one is given'),
  )
    .option('-s, --step <STEP>', 'a step that was paused by itself')
    .option('--json')
    .action(does(resumeRun));
  runs
    .command('cancel')
    .argument('<ID>')
    .description('cancel a run, or reject its plan, and wait for it')
    .option('-s, --step <STEP>', 'this step alone, and those that need it')
    .option('--reason <TEXT>', 'kept with the run')
    .option('--json')
    .action(does(cancelRun));
  runs
    .command('plan')
    .argument('<ID>')
    .description('the plan of a run, as a document that run --plan takes')
    .option('--version <N>', 'an earlier version of it')
    .option('--diff <VERSION...>', 'what differs between two versions, or between one and the newest')
    .option('--json', 'with who wrote it and why')
    .action(does(planOfRun));
  runs
    .command('approve')
    .argument('<ID>')
    .description('let a run go on that waits for approval')
    .option('--version <N>', 'the version of its plan that was looked at (default: the newest)')
    .option('--watch', 'follow it until it has ended')
    .option('--json')
    .action(does(approveRun));
  runs
    .command('edit')
    .argument('<ID>')
    .description('edit the plan of a run that waits for approval, in $EDITOR')
    .option('--plan <FILE>', 'take this plan, YAML or JSON, instead')
    .option('--reason <TEXT>', 'kept with the new version')
    .option('--json')
    .action(does(editRun));
  runs
    .command('redrive')
    .argument('<ID>')
    .description('do the failed rows of a run that has ended again, as a run of its own')
    .option('-s, --step <STEP>', 'a step whose failed rows are done again; may be given more than once (default: all)', collect, [])
    .option('-t, --template <FILE>', 'what changes in templates, by step, YAML or JSON')
    .option('--watch', 'follow the new run until it has ended')
    .option('--json')
    .action(does(redriveRun));

  const tables = program.command('tables').description('tables of the catalogue');
  tables.command('list').description('the latest tables').option('--limit <N>').option('--json').action(does(listTables));
  tables.command('show').argument('<ID>').description('what agents see of a table').option('--json').action(does(showTable));
  tables
    .command('head')
    .argument('<ID>')
    .description('the first rows')
    .option('-n, --rows <N>', 'how many', '10')
    .option('--json')
    .action(does(headOfTable));
  tables
    .command('import')
    .argument('<[NAME=]PATH>')
    .description('a file, folder or glob as a table')
    .option('--input-format <FORMAT>', INPUT_FORMATS)
    .option('--skip-bad-rows', 'put broken rows into a table of their own')
    .option('--sheet <NAME>', 'the sheet of an Excel file')
    .option('--json')
    .action(does(importTable));
  tables
    .command('export')
    .argument('<ID>')
    .argument('<PATH>', 'a file (.parquet, .csv, .jsonl) or a folder')
    .description('a table as a file')
    .addOption(new Option('--rows <WHICH>', 'which rows').choices(['all', 'ok', 'failed']).default('ok'))
    .option('--json')
    .action(does(exportTable));
  tables
    .command('delete')
    .argument('<ID>')
    .description('delete a table with its exports')
    .option('--yes', 'do not ask')
    .option('--json')
    .action(does(deleteTable));
  tables
    .command('prune')
    .description('delete old tables with their exports, and runs that are left without a table')
    .option('--older-than <AGE>', 'such as 45m, 24h, 30d or 8w')
    .option('--dry-run', 'say what would go and how much it is, and delete nothing')
    .option('--yes', 'do not ask')
    .option('--json')
    .action(does(pruneTables));

  const capabilities = program.command('capabilities').description('what plans may call: built-in capabilities, and registered ones');
  capabilities
    .command('list')
    .argument('[QUERY]', 'words that stand in the name or the description')
    .description('by name; of registered ones the newest version')
    .option('--run <ID>', 'also those that were built for this run')
    .option('--limit <N>')
    .option('--json')
    .action(does(listCapabilities));
  capabilities
    .command('show')
    .argument('<NAME[@VERSION]>', 'such as luhn, or luhn@2')
    .description('what one takes and gives, and its versions')
    .option('--run <ID>', 'look among those that were built for this run first')
    .option('--definition', 'as a file that add takes')
    .option('--json')
    .action(does(showCapability));
  capabilities
    .command('add')
    .argument('[FILE]', 'YAML or JSON: a capability as a plan brings it, with examples if wanted')
    .description('register a capability, or the next version of one, once its examples have passed')
    .option('--openapi <FILE|URL>', 'in place of FILE: an OpenAPI 3 document, whose operations become capabilities')
    .option('--operation <ID>', 'an operation of it, by its id or as "GET /path"; may be given more than once (default: all)', collect, [])
    .option('--server <URL>', 'where its operations are, in place of what it says')
    .option(
      '--secret <SCHEME=NAME>',
      'the secret for a security scheme of it; may be given more than once (default: API_KEY for api_key)',
      collect,
      [],
    )
    .option('--json')
    .action(does(addCapability));
  capabilities
    .command('remove')
    .argument('<NAME>')
    .description('offer a capability to plans no more')
    .option('--json')
    .action(does(removeCapability));

  const storage = program.command('storage').description('where the data of tables is');
  storage
    .command('check')
    .description('find objects that nothing names any more')
    .option('--older-than <AGE>', 'leave younger ones alone; 1h at least', '1d')
    .option('--remove', 'remove what is found')
    .option('--json', 'events as JSON lines')
    .action(does(checkStorage));

  const keys = program.command('keys').description('keys of the API of the manager that APWA_URL names');
  keys
    .command('create')
    .argument('<NAME>', 'who or what has it')
    .description('make a key, and print it: it is shown this once')
    .option('--scope <read|run|admin>', 'read looks at everything, run also begins and controls runs, admin also deletes and manages keys')
    .option('--expires <DURATION>', 'such as 12h, 90d or 52w (default: never)')
    .option('--json')
    .action(does(createKey));
  keys
    .command('list')
    .description('the latest keys, without what would let anybody use them')
    .option('--limit <N>')
    .option('--json')
    .action(does(listKeys));
  keys.command('revoke').argument('<ID>').description('refuse a key from now on').option('--json').action(does(revokeKey));

  const pools = program.command('pools').description('who does the work');
  pools
    .command('list', { isDefault: true })
    .description('every pool: its members, their slots, and what waits for them')
    .option('--json')
    .action(does(listPools));
  return program;
};

const exitOverride = (command: Command): void => {
  command.exitOverride();
  command.commands.forEach(exitOverride);
};

/** Runs a command line of a program; answers its exit code. Errors are explained on standard error. */
export const execute = async (program: Command, args: string[], result: { code: ExitCode }): Promise<ExitCode> => {
  exitOverride(program);
  try {
    await program.parseAsync(args, { from: 'user' });
    return result.code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.succeeded : EXIT.usage;
    process.stderr.write(`${program.name()}: ${explain(error)}\n`);
    return exitCodeOf(error);
  }
};

/** The command line of `apwa`. */
export const main = (args: string[]): Promise<ExitCode> => {
  const result: { code: ExitCode } = { code: EXIT.succeeded };
  return execute(createProgram(result), args, result);
};
