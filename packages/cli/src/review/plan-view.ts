import { inputsOf, type Plan, placeholdersOf, type Step } from '@apwa/contracts';

/** Characters of instructions and queries that are shown. */
const TEXT_SHOWN = 160;

const shortened = (text: string): string => {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= TEXT_SHOWN ? line : `${line.slice(0, TEXT_SHOWN - 1)}…`;
};

const keysOf = (schema: Record<string, unknown>): string[] =>
  typeof schema.properties === 'object' && schema.properties !== null ? Object.keys(schema.properties) : [];

/** What a row takes of what stands before. */
const ofEachRow = (column: string | undefined): string => (column === undefined ? '' : ` (of each row those in ${column})`);

/** What a step is and does, the shortest first: `map of messages`, `text → kind`, `model small`, `3 replicas, majority`. */
const factsOf = (step: Step): string[] => {
  const reads = inputsOf(step);
  const head = `${step.kind}${reads.length > 0 ? ` of ${reads.join(', ')}` : ''}`;
  switch (step.kind) {
    case 'map': {
      const { template } = step;
      if (template.mode === 'capability') return [head, `calls ${template.capability}`];
      const columns = [...(template.instructionColumns ?? []), ...placeholdersOf(template.instructions)];
      const { replicas } = template;
      return [
        head,
        `${columns.length > 0 ? [...new Set(columns)].join(', ') : 'all columns'} → ${keysOf(template.output).join(', ')}${ofEachRow(template.outputFrom)}`,
        `model ${template.model ?? 'of the configuration'}`,
        ...(template.mode === 'agent'
          ? [`agent with ${template.capabilities.join(', ') || 'no capabilities'}${ofEachRow(template.capabilitiesFrom)}`]
          : []),
        ...(replicas ? [`${replicas.count} replicas, ${replicas.combine}`] : []),
      ];
    }
    case 'split':
      return [head, `${step.column} by ${step.by.kind}, ${step.maxTokens} tokens at most`];
    case 'table':
      return [head, `${step.rows.length} rows → ${[...new Set(step.rows.flatMap((row) => Object.keys(row)))].join(', ')}`];
    case 'reduce': {
      const { template, by = [] } = step;
      const groups = by.length > 0 ? `groups by ${by.join(', ')}` : 'all rows';
      return [head, `${groups} → ${keysOf(template.output).join(', ')}`, `model ${template.model ?? 'of the configuration'}`];
    }
    case 'sql':
      return [head];
  }
};

/** The words of a step that a person has to read: what the model is told, or what is asked of tables. */
const textOf = (step: Step): string | null => {
  switch (step.kind) {
    case 'map':
      return step.template.mode === 'capability' ? JSON.stringify(step.template.with) : step.template.instructions;
    case 'reduce':
      return step.template.instructions;
    case 'sql':
      return step.query;
    case 'split':
    case 'table':
      return null;
  }
};

/** A plan for a person: two or three lines a step, with what `notes` says of it, and the results. */
export const planView = (plan: Plan, notes: ReadonlyMap<string, string> = new Map()): string => {
  const width = Math.max(...plan.steps.map(({ id }) => id.length));
  const under = ' '.repeat(width + 4);
  const lines = plan.steps.flatMap((step) => {
    const text = textOf(step);
    const note = notes.get(step.id);
    return [
      `  ${step.id.padEnd(width)}  ${factsOf(step).join(' · ')}`,
      ...(step.description ? [`${under}${shortened(step.description)}`] : []),
      ...(text === null ? [] : [`${under}${shortened(text)}`]),
      ...(note === undefined ? [] : [`${under}${note}`]),
    ];
  });
  const functions = (plan.capabilities ?? []).map(({ name }) => name);
  return [
    ...lines,
    ...(functions.length > 0 ? [`  with code of its own: ${functions.join(', ')}`] : []),
    `  results: ${plan.outputs.join(', ')}`,
  ].join('\n');
};
