import { type EndpointConfig, type ModelConfig, type StructuredOutput } from '@apwa/config';
import { type JsonSchema } from '@apwa/contracts';
import { type Dialect, type LoweredSchema, lowerSchema } from '@apwa/json-schema';
import { Endpoint } from './endpoint.js';
import { type Model } from './model.js';
import { probe } from './probe.js';
import { boundedTransport, createTransport, type Fetch } from './transport.js';

export interface CreateModelOptions {
  /** The model's name in the configuration: errors name the settings that have to be changed. */
  name?: string;
  /** Makes the HTTP requests instead of ours. Redirects, chosen headers and the size of answers are seen to around it. */
  fetch?: Fetch;
  /** Draws the endpoint of a weighted group: 0 ≤ n < 1. Default `Math.random`. */
  random?: () => number;
}

const DIALECTS: Record<StructuredOutput, Dialect> = { json_schema: 'strict', tool: 'tool', prompt: 'plain' };

/** Lowers each schema once for each dialect: a stage's calls all have the same one. */
const loweringOnce = () => {
  const known = new WeakMap<JsonSchema, Map<Dialect, LoweredSchema>>();
  return (schema: JsonSchema, mode: StructuredOutput): LoweredSchema => {
    const dialect = DIALECTS[mode];
    const dialects = known.get(schema) ?? new Map<Dialect, LoweredSchema>();
    known.set(schema, dialects);
    const lowered = dialects.get(dialect) ?? lowerSchema(schema, dialect);
    dialects.set(dialect, lowered);
    return lowered;
  };
};

/** The place of the endpoint that `drawn` (0 ≤ n < 1) falls on, each as wide as its weight. */
const placeByWeight = (endpoints: EndpointConfig[], drawn: number): number => {
  const total = endpoints.reduce((sum, { weight }) => sum + weight, 0);
  let left = drawn * total;
  const place = endpoints.findIndex(({ weight }) => (left -= weight) < 0);
  return place < 0 ? endpoints.length - 1 : place;
};

/**
 * A model of the configuration, ready for thousands of calls at once. It connects to nothing but its endpoints' `baseUrl`s,
 * and to those when it is first called. `close` it in the end.
 */
export const createModel = (config: ModelConfig, { name, fetch, random = Math.random }: CreateModelOptions = {}): Model => {
  const transport = fetch ? boundedTransport(fetch) : createTransport();
  const lower = loweringOnce();
  const model = name === undefined ? '' : `models.${name}.`;
  const placeIn = (index: number) => (config.endpoints.length === 1 ? model : `${model}endpoints[${index}].`);
  const endpoints = config.endpoints.map((endpoint, index) => new Endpoint(endpoint, transport, lower, placeIn(index)));
  const placeOf = (attempt: number): number =>
    config.strategy === 'weighted' ? placeByWeight(config.endpoints, random()) : (Math.max(1, attempt) - 1) % endpoints.length;
  return {
    complete: (request, { attempt, signal, endpoint = placeOf(attempt) }) => (endpoints[endpoint] as Endpoint).complete(request, signal),
    probe: (endpoint, signal) => probe(endpoints[endpoint] as Endpoint, signal),
    close: () => transport.close(),
    contextTokens: Math.min(...config.endpoints.map(({ contextTokens }) => contextTokens)),
  };
};
