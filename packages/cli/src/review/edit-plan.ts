import { ApwaError, type Plan, RefusedError, type Run } from '@apwa/contracts';
import type { Client } from '@apwa/sdk';
import { stringify } from 'yaml';
import { explain } from '../exit.js';
import { parseDocument, planOf } from '../inputs/plan-file.js';
import { choose } from '../question.js';
import { editText } from './editor.js';
import { planDiff } from './plan-diff.js';

const FILE = 'plan.yaml';

const textOf = ({ id, planVersion }: Run, plan: Plan, url: string): string =>
  [
    `# yaml-language-server: $schema=${new URL('/v1/plan.schema.json', url).href}`,
    `# The plan of ${id}, version ${planVersion}. Saved as it is, nothing is changed.`,
    stringify(plan),
  ].join('\n');

/** The plan that a text holds, or what is wrong with it. */
const parsePlan = (text: string): Plan => planOf(parseDocument(FILE, text, FILE, 'a plan'), FILE);

export interface Editing {
  client: Client;
  url: string;
  signal: AbortSignal;
  /** For a person. */
  tell: (text: string) => void;
}

/**
 * Lets a person edit a run's plan until it is valid or nothing is to be changed after all, and shows what differs. The run as it waits
 * with the new version; null if there is none.
 */
export const editPlan = async (run: Run, plan: Plan, { client, url, signal, tell }: Editing): Promise<Run | null> => {
  const before = textOf(run, plan, url);
  for (let text = before; ;) {
    text = await editText(text, FILE);
    if (text === before) {
      tell('Nothing was changed.');
      return null;
    }
    try {
      const edited = parsePlan(text);
      const after = await client.runs.editPlan(run.id, { plan: edited, ...(run.planVersion === null ? {} : { version: run.planVersion }) });
      const diff = planDiff({ name: `version ${run.planVersion}`, plan }, { name: `version ${after.planVersion}`, plan: edited });
      tell(diff === '' ? 'The plan is the same.' : `\n${diff}\n`);
      return after.planVersion === run.planVersion ? null : after;
    } catch (thrown) {
      if (!isFault(thrown)) throw thrown;
      tell(explain(thrown));
      if ((await choose(['edit', 'discard'], signal)) === 'discard') return null;
    }
  }
};

/** What a person can mend in the editor. */
const isFault = (thrown: unknown): boolean =>
  thrown instanceof RefusedError && ['bad_input', 'invalid_plan', 'invalid_request'].includes(ApwaError.from(thrown).code);
