import { ErrorBody } from '@apwa/contracts';
import { z } from 'zod';
import { type Route, routes } from './routes.js';

type Json = Record<string, unknown>;

/** The OpenAPI 3.1 document, made of the schemas that requests are parsed with. */
export const openApiDocument = (version: string): Json => ({
  openapi: '3.1.0',
  info: { title: 'APWA manager', version, description: 'Runs, plans and tables.' },
  components: {
    securitySchemes: {
      key: {
        type: 'http',
        scheme: 'bearer',
        description: 'A key, where the manager asks for them. Each operation names the scope that it needs.',
      },
    },
  },
  paths: Object.fromEntries([...new Set(routes.map(({ path }) => path))].map((path) => [path, pathItem(path)])),
});

const pathItem = (path: string): Json =>
  Object.fromEntries(routes.filter((route) => route.path === path).map((route) => [route.method, operation(route)]));

const operation = (route: Route): Json => ({
  summary: route.summary,
  security: route.needs === 'open' ? [] : [{ key: [route.needs] }],
  parameters: [
    ...Object.entries(route.params ?? {}).map(([name, schema]) => ({
      name,
      in: 'path',
      required: true,
      schema: jsonSchema(schema, 'input'),
    })),
    ...queryParameters(route.query),
  ],
  ...(route.body ? { requestBody: { required: true, content: bodyOf(route.body) } } : {}),
  responses: {
    [route.status]: { description: route.summary, content: answerOf(route) },
    default: { description: 'An error', content: { 'application/json': { schema: jsonSchema(ErrorBody, 'output') } } },
  },
});

const queryParameters = (query: z.ZodObject | undefined): Json[] => {
  if (!query) return [];
  const { properties = {}, required = [] } = jsonSchema(query, 'input') as { properties?: Json; required?: string[] };
  return Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', required: required.includes(name), schema }));
};

const bodyOf = (body: z.ZodType | 'bytes'): Json =>
  body === 'bytes' ? { 'application/octet-stream': {} } : { 'application/json': { schema: jsonSchema(body, 'input') } };

const answerOf = ({ answer, contentTypes = ['application/json'] }: Route): Json =>
  Object.fromEntries(contentTypes.map((type) => [type, answer ? { schema: jsonSchema(answer, 'output') } : {}]));

const jsonSchema = (schema: z.ZodType, io: 'input' | 'output'): Json => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, target: 'draft-2020-12', unrepresentable: 'any' });
  return rest;
};
