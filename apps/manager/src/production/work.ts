import { type Plan, type Resources, type StageWork, InternalError, RefusedError } from '@apwa/contracts';
import { type Config } from '../settings.js';
import { type TableRow, referenceOf } from '../tables/tables.repository.js';

/** What a NATS message may hold is 1 MiB; this much of it is for the work. */
const MAX_WORK_BYTES = 768 * 1024;

/** What a step asks of the executor. `tables`: what it reads, by name. */
export const workOfStep = (
  step: Plan['steps'][number],
  tables: Map<string, TableRow>,
  config: Pick<Config, 'model' | 'limits'>,
): { work: StageWork; resources: Resources } => {
  const read = (name: string) => {
    const table = tables.get(name);
    const reference = table && referenceOf(table);
    if (!reference) throw new InternalError('input_not_ready', `Step ${step.id} was started before its input ${name} was there.`);
    return reference;
  };
  switch (step.kind) {
    case 'map': {
      const { template } = step;
      const model = template.mode === 'llm' ? (template.model ?? config.model) : null;
      const work: StageWork = { kind: 'map', input: read(step.input), template, model };
      return { work, resources: template.resources ?? {} };
    }
    case 'sql': {
      const inputs = step.inputs.map((name) => ({ name, table: read(name) }));
      return { work: { kind: 'sql', inputs, query: step.query, limits: config.limits.sql }, resources: {} };
    }
  }
};

/** Refuses work that no message could carry. */
export const checkSize = (work: StageWork): StageWork => {
  const bytes = Buffer.byteLength(JSON.stringify(work));
  if (bytes <= MAX_WORK_BYTES) return work;
  const many =
    work.kind === 'import' ? `${work.files.length} files are too many for one table` : `a ${work.kind} of ${bytes} bytes is too large`;
  throw new RefusedError('too_large', `${many}: their description must be ${MAX_WORK_BYTES} bytes of JSON at most.`, {
    field: work.kind === 'import' ? 'files' : 'work',
    value: bytes,
    allowed: `${MAX_WORK_BYTES} bytes at most`,
  });
};
