import { type Capability, type JsonObject, type JsonSchema } from '@apwa/contracts';

/** A capability that is a function of ours, without effects. */
export interface Builtin {
  readonly capability: Capability;
  /** It may take long on some arguments: it is called in a thread that can be ended. */
  readonly slow: boolean;
  /** `given` is valid against the capability's `input`; what it gives, against its `output`. */
  readonly call: (given: JsonObject) => JsonObject;
}

export interface BuiltinSpec {
  name: string;
  description: string;
  input: JsonSchema;
  output: JsonSchema;
  slow?: boolean;
  call: Builtin['call'];
}

export const builtin = ({ name, description, input, output, slow = false, call }: BuiltinSpec): Builtin => ({
  capability: { id: `builtin:${name}`, kind: 'builtin', description, effects: 'none', input, output },
  slow,
  call,
});

/** An argument that its schema says is a text. */
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Of a function of one text: a column that may hold nulls can be its argument, and a null is measured as null. */
export const TEXT_INPUT: JsonSchema = {
  type: 'object',
  required: ['text'],
  additionalProperties: false,
  properties: { text: { type: ['string', 'null'], description: 'The text; null gives nulls' } },
};

/** A schema of whole numbers, each null where there was no text. */
export const measures = (properties: Record<string, string>): JsonSchema => ({
  type: 'object',
  required: Object.keys(properties),
  additionalProperties: false,
  properties: Object.fromEntries(
    Object.entries(properties).map(([name, description]) => [name, { type: ['integer', 'null'], minimum: 0, description }]),
  ),
});
