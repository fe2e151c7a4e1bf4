import { readFile } from 'node:fs/promises';
import { type z } from 'zod';
import { Config } from './schema.js';
import { renderDocs } from './render-docs.js';
import { shapeOf, unwrap } from './schema-tree.js';

describe('docs/configuration.md', () => {
  it('should be what the schema says (npm run docs -w @apwa/config writes it)', async () => {
    expect(await readFile(new URL('../../../docs/configuration.md', import.meta.url), 'utf8')).toBe(renderDocs());
  });

  it('should tell of every key what it does', () => {
    const undocumented = (schema: z.ZodType, path: string): string[] => {
      const inner = unwrap(schema) as unknown as { element?: z.ZodType; valueType?: z.ZodType };
      const child = inner.element ?? inner.valueType;
      if (child && !path.endsWith('parameters')) return undocumented(child, path);
      if (path.endsWith('resources')) return [];
      return Object.entries(shapeOf(schema)).flatMap(([key, value]) => [
        ...(value.description ? [] : [`${path}.${key}`]),
        ...undocumented(value, `${path}.${key}`),
      ]);
    };
    expect(undocumented(Config, '')).toEqual([]);
  });
});
