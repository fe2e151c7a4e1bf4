import { type JsonSchema, type JsonValue } from './json.js';
import { type Template } from './plan.js';

/** A column by which each row says what of its template it takes, and what there is to take. */
export interface ChoiceColumn {
  /** The key of the template that names it. */
  readonly key: 'capabilitiesFrom' | 'outputFrom';
  readonly column: string;
  /** What of the template a row takes. */
  readonly of: 'capabilities' | 'output';
  /** The names that a row may choose among, in the template's order. */
  readonly names: readonly string[];
}

const propertyNames = ({ properties }: JsonSchema): string[] =>
  typeof properties === 'object' && properties !== null ? Object.keys(properties) : [];

/** The columns by which rows of a template say what of it they take. */
export const choiceColumns = (template: Template): ChoiceColumn[] => {
  if (template.mode === 'capability') return [];
  const choices: ChoiceColumn[] = [];
  if (template.mode === 'agent' && template.capabilitiesFrom !== undefined)
    choices.push({ key: 'capabilitiesFrom', column: template.capabilitiesFrom, of: 'capabilities', names: template.capabilities });
  if (template.outputFrom !== undefined)
    choices.push({ key: 'outputFrom', column: template.outputFrom, of: 'output', names: propertyNames(template.output) });
  return choices;
};

/** What of its column is no choice. */
export interface WrongChoice {
  readonly value: JsonValue;
  readonly message: string;
}

/** What a row chose by a column, in the template's order and each once, or what is wrong with it: a text is one name, a list several, NULL none. */
export const chosenBy = ({ of, names }: ChoiceColumn, value: JsonValue | undefined): { names: string[] } | WrongChoice => {
  const given = value === null || value === undefined ? [] : Array.isArray(value) ? value : [value];
  for (const name of given)
    if (typeof name !== 'string' || !names.includes(name))
      return { value: name, message: of === 'output' ? 'is no property of the output' : 'is no capability that the template carries' };
  if (of === 'output' && given.length === 0)
    return { value: value ?? null, message: 'names no property of the output: nothing would be answered' };
  return { names: names.filter((name) => given.includes(name)) };
};

/** Keywords of an output that say nothing of several properties together: rows may answer some of them alone. */
const APART: ReadonlySet<string> = new Set([
  '$schema',
  '$comment',
  '$defs',
  'definitions',
  'title',
  'description',
  'type',
  'properties',
  'required',
  'additionalProperties',
]);

/** Keywords of an output that speak of its properties together. */
export const joiningKeywords = (output: JsonSchema): string[] => Object.keys(output).filter((keyword) => !APART.has(keyword));

/** The schema of an answer that has these properties of an output, and no others. */
export const schemaOfChosen = (output: JsonSchema, names: readonly string[]): JsonSchema => {
  const { properties, ...rest } = output;
  const chosen = Object.entries((properties ?? {}) as Record<string, unknown>).filter(([name]) => names.includes(name));
  return { ...rest, type: 'object', properties: Object.fromEntries(chosen), required: [...names], additionalProperties: false };
};
