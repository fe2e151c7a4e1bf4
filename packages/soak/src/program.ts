import { RefusedError } from '@apwa/contracts';
import { Command, Option } from 'commander';
import { FAULTS } from './faults.js';
import { soak, type SoakSummary } from './soak.js';

const NAMES = FAULTS.map(({ name }) => name);

const wholeNumber =
  (flag: string, least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new RefusedError('bad_input', `${flag} ${text} is none that is allowed.`, {
      field: flag,
      value: text,
      allowed: `whole numbers from ${least} to ${most}`,
    });
  };

const faultNames = (text: string, before: string[] | undefined): string[] => {
  if (NAMES.includes(text)) return [...(before ?? []), text];
  throw new RefusedError('bad_input', `There is no fault ${text}.`, { field: '--only', value: text, allowed: NAMES.join(', ') });
};

interface Options {
  rounds: number;
  seed: number;
  rows: number;
  turns: number;
  only?: string[];
}

export const createProgram = (ended: (summary: SoakSummary) => void): Command =>
  new Command('soak')
    .description('Runs under random faults, one after the other, and what became of every row. The last line is JSON.')
    .addOption(new Option('--rounds <N>', 'runs').default(10).argParser(wholeNumber('--rounds', 1, 100_000)))
    .addOption(
      new Option('--seed <S>', 'of the first round; each further one has the next')
        .default(1)
        .argParser(wholeNumber('--seed', 0, 2 ** 31 - 1)),
    )
    .addOption(new Option('--rows <N>', 'of each run').default(10_000).argParser(wholeNumber('--rows', 100, 1_000_000)))
    .addOption(
      new Option('--turns <N>', 'answers of the model for each row: more than one, and agents do the rows')
        .default(1)
        .argParser(wholeNumber('--turns', 1, 100)),
    )
    .addOption(new Option('--only <FAULT>', 'no other fault; may be given more than once').argParser(faultNames))
    .addHelpText('after', `\nFaults:\n${NAMES.map((name) => `  ${name}`).join('\n')}`)
    .action(async ({ only = [], ...options }: Options) => {
      ended(await soak({ ...options, only, say: (line) => process.stderr.write(`${line}\n`) }));
    });
