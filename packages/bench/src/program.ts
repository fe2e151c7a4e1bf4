import { RefusedError } from '@apwa/contracts';
import { Command, Option } from 'commander';
import { runBench } from './bench.js';
import { type Suite } from './suite.js';
import { SUITES } from './suites/index.js';

const DEFAULT_REPETITIONS = 3;
const DEFAULT_OUTPUT = 'out/bench/bench.json';

const collect = (value: string, before: string[] | undefined) => [...(before ?? []), value];

/** The name that commander gives an option's value: `overhead-peer-rows` as `overheadPeerRows`. */
const keyOf = (flag: string): string => flag.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

const flagOf = (suite: Suite, setting: string): string => `${suite.name}-${setting}`;

interface Options extends Record<string, unknown> {
  suite?: string[];
  repetitions: string;
  output: string;
}

/** The suites that are asked for with their settings. Throws RefusedError naming the flag. */
export const chosen = (options: Options): { suite: Suite; values: Record<string, unknown> }[] => {
  const names = options.suite ?? SUITES.map(({ name }) => name);
  return names.map((name) => {
    const suite = SUITES.find((one) => one.name === name);
    if (!suite)
      throw new RefusedError('bad_input', `There is no suite ${name}.`, {
        field: '--suite',
        value: name,
        allowed: SUITES.map((one) => one.name).join(', '),
      });
    const values = Object.entries(suite.settings).map(([setting, { parse }]) => {
      const flag = flagOf(suite, setting);
      return [setting, parse(options[keyOf(flag)] as string, `--${flag}`)];
    });
    return { suite, values: Object.fromEntries(values) as Record<string, unknown> };
  });
};

const repetitionsOf = (text: string): number => {
  if (/^[1-9]\d?$/.test(text)) return Number(text);
  throw new RefusedError('bad_input', `--repetitions ${text} is none that is allowed.`, {
    field: '--repetitions',
    value: text,
    allowed: 'whole numbers from 1 to 99',
  });
};

export const createProgram = (): Command => {
  const program = new Command('bench')
    .description('Measures the production stack on this machine, against a stub model, beside what others do with the same rows.')
    .addOption(
      new Option(
        '--suite <NAME>',
        `one of ${SUITES.map(({ name }) => name).join(', ')}; may be given more than once (default: all)`,
      ).argParser(collect),
    )
    .option('--repetitions <N>', 'times that each figure is taken; medians are reported', String(DEFAULT_REPETITIONS))
    .option('--output <FILE>', 'where all figures go as JSON', DEFAULT_OUTPUT)
    .addHelpText('after', `\nSuites:\n${SUITES.map(({ name, description }) => `  ${name.padEnd(14)}${description}`).join('\n')}`);
  for (const suite of SUITES)
    for (const [name, setting] of Object.entries(suite.settings))
      program.option(`--${flagOf(suite, name)} <VALUE>`, setting.description, setting.default);
  return program.action(async (options: Options) => {
    await runBench({
      suites: chosen(options),
      repetitions: repetitionsOf(options.repetitions),
      output: options.output,
      say: (line) => process.stderr.write(`${line}\n`),
      print: (line) => process.stdout.write(`${line}\n`),
    });
  });
};
