import { z } from 'zod';
import { type JsonSchema } from './json.js';

/** Replicas of a row: more certainty is bought of no provider. */
export const MAX_REPLICAS = 50;

const count = z.number().int().min(2).max(MAX_REPLICAS);
const field = z.string().min(1).max(255);

/**
 * A row is asked several times, independently, and the answers become one: replication-parallel. `majority`: field by field, what most
 * answers say; asking stops as soon as a majority stands. `best`: the answer with the highest score. `judge`: the one that a further call
 * chooses. `all`: every answer, as a list.
 */
export const Replicas = z.discriminatedUnion('combine', [
  z.strictObject({
    combine: z.literal('majority'),
    count,
    /** Properties of the output that vote; the others are taken of an answer that agrees with the vote. Default: all that can. */
    vote: z.array(field).min(1).max(100).optional(),
  }),
  z.strictObject({ combine: z.literal('best'), count, /** A number among the properties of the output. */ score: field }),
  z.strictObject({
    combine: z.literal('judge'),
    count,
    judge: z.strictObject({
      /** How to choose among `{{answers}}`; columns of the input may be named too. */
      instructions: z.string().min(1).max(100_000),
      /** A model of the configuration. Default: the template's. */
      model: z.string().min(1).optional(),
    }),
  }),
  z.strictObject({ combine: z.literal('all'), count }),
]);
export type Replicas = z.infer<typeof Replicas>;

/** The column that says how far replicas agree. */
export const REPLICAS_COLUMN = 'replicas';
/** With `all`: the column of the answers. With `judge`: what its instructions call them. */
export const ANSWERS_COLUMN = 'answers';

/** What `replicas` holds. */
export const ReplicaSpread = z.strictObject({
  asked: z.number().int(),
  /** Those of them that gave a valid answer. */
  answered: z.number().int(),
  /**
   * Of those the share that agrees with the result in all fields that vote; of `best` the share with the same score, of `judge` that with the
   * same answer. Null of `all`.
   */
  agreement: z.number().nullable(),
  /** Fields in which several values had as many votes: the one that came first was taken. */
  ties: z.array(z.string()),
  /** Of `judge` alone: why it chose this one; null where there was nothing to choose. */
  why: z.string().nullable().optional(),
});
export type ReplicaSpread = z.infer<typeof ReplicaSpread>;

const spreadSchemaOf = ({ combine }: Replicas): JsonSchema => ({
  type: 'object',
  required: ['asked', 'answered', 'agreement', 'ties'],
  properties: {
    asked: { type: 'integer' },
    answered: { type: 'integer' },
    agreement: { type: ['number', 'null'] },
    ties: { type: 'array', items: { type: 'string' } },
    ...(combine === 'judge' ? { why: { type: ['string', 'null'] } } : {}),
  },
});

/** The schema of what becomes of replicas of an answer: its properties become columns. */
export const replicatedSchema = (output: JsonSchema, replicas: Replicas): JsonSchema => {
  const spreadSchema = spreadSchemaOf(replicas);
  if (replicas.combine !== 'all') {
    const properties = { ...(output.properties as Record<string, unknown> | undefined), [REPLICAS_COLUMN]: spreadSchema };
    return { ...output, properties };
  }
  // References in it name places from the document's top.
  const { $defs, definitions, ...items } = output;
  return {
    type: 'object',
    properties: { [ANSWERS_COLUMN]: { type: 'array', items }, [REPLICAS_COLUMN]: spreadSchema },
    ...($defs === undefined ? {} : { $defs }),
    ...(definitions === undefined ? {} : { definitions }),
  };
};

const VOTING_TYPES: ReadonlySet<unknown> = new Set(['boolean', 'integer', 'number', 'null']);

const canVote = (schema: unknown): boolean => {
  if (typeof schema !== 'object' || schema === null) return false;
  const { type, enum: values, const: only } = schema as JsonSchema;
  if (Array.isArray(values) || only !== undefined) return true;
  const types = Array.isArray(type) ? type : [type];
  return types.every((one) => VOTING_TYPES.has(one)) && types.some((one) => one !== 'null');
};

/** Properties of an output that can vote: closed lists, numbers and booleans. Two free texts are hardly ever the same. */
export const votersOf = ({ properties }: JsonSchema): string[] =>
  Object.entries((properties ?? {}) as Record<string, unknown>).flatMap(([name, schema]) => (canVote(schema) ? [name] : []));
