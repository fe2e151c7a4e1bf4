import { type JsonValue, PermanentError } from '@apwa/contracts';
import { jsonpath } from 'json-p3';
import { builtin, textOf } from './builtin.js';

const MOST_VALUES = 1_000;

/** Queries may visit a document many times over: it is called where that can be ended. */
export const jsonQuery = builtin({
  name: 'json_query',
  description: 'What a JSONPath (RFC 9535) such as $.items[?@.price < 10].name finds in JSON.',
  slow: true,
  input: {
    type: 'object',
    required: ['json', 'path'],
    additionalProperties: false,
    properties: {
      json: { description: 'A value, or a text that holds one' },
      path: { type: 'string', minLength: 1, maxLength: 5_000, description: 'The JSONPath, which begins with $' },
    },
  },
  output: {
    type: 'object',
    required: ['count', 'values'],
    additionalProperties: false,
    properties: {
      count: { type: 'integer', minimum: 0, description: 'How many were found' },
      values: { type: 'array', items: {}, description: `The first ${MOST_VALUES} of them` },
    },
  },
  call: ({ json = null, path }) => {
    const values = found(typeof json === 'string' ? parsed(json) : json, textOf(path));
    return { count: values.length, values: values.slice(0, MOST_VALUES) };
  },
});

const parsed = (text: string): JsonValue => {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (error) {
    throw new PermanentError('invalid_arguments', `json is a text, and no JSON: ${(error as Error).message}`);
  }
};

const found = (value: JsonValue, path: string): JsonValue[] => {
  try {
    return jsonpath.query(path, value).values() as JsonValue[];
  } catch (error) {
    throw new PermanentError('invalid_arguments', `The path can't be followed: ${(error as Error).message}`);
  }
};
