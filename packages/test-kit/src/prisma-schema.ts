/** What a schema.prisma says of a table, as far as our services use the language. */
export interface PrismaModel {
  table: string;
  columns: { name: string; type: string; nullable: boolean; hasDefault: boolean }[];
  /** `id a,b`, `unique a`, `index a` */
  indexes: string[];
  /** `table.column -> target Cascade` */
  references: string[];
}

const TYPES: Record<string, string> = {
  String: 'text',
  Int: 'integer',
  BigInt: 'bigint',
  Boolean: 'boolean',
  Float: 'double precision',
  Json: 'jsonb',
};

/** A field's type in Postgres, by its own type and what `@db` says. */
const typeOf = (base: string, attributes: string): string | undefined => {
  if (base === 'DateTime') return `timestamp(${/@db.Timestamptz\((\d)\)/.exec(attributes)?.[1]}) with time zone`;
  return attributes.includes('@db.Json') ? 'json' : TYPES[base];
};

interface Block {
  name: string;
  lines: string[];
}

/** The models of a schema.prisma, read from its text: without Prisma's engine. */
export const readPrismaSchema = (text: string): PrismaModel[] => {
  const blocks = [...text.matchAll(/^model (\w+) \{\n([\s\S]*?)^\}/gm)].map(([, name = '', body = '']): Block => ({
    name,
    lines: body
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '' && !line.startsWith('//')),
  }));
  const tables = new Map(blocks.map(({ name, lines }) => [name, argument(lines, '@@map') ?? name]));
  return blocks.map((block) => readModel(block, tables));
};

const argument = (lines: string[], attribute: string): string | undefined => {
  const line = lines.find((item) => item.startsWith(attribute));
  return line && /"([^"]+)"/.exec(line)?.[1];
};

const readModel = ({ name: model, lines }: Block, tables: Map<string, string>): PrismaModel => {
  const table = tables.get(model) ?? model;
  const fields = lines
    .filter((line) => !line.startsWith('@@'))
    .map((line) => {
      const [name = '', type = '', ...rest] = line.split(/\s+/);
      return { name, type, attributes: rest.join(' ') };
    });
  const columnOf = (field: string) => {
    const found = fields.find(({ name }) => name === field);
    return /@map\("([^"]+)"\)/.exec(found?.attributes ?? '')?.[1] ?? field;
  };
  const scalars = fields.filter(({ type }) => !tables.has(type.replace(/[?[\]]/g, '')));
  const columns = scalars.map(({ name, type, attributes }) => {
    const base = type.replace(/[?[\]]/g, '');
    const isList = type.endsWith('[]');
    return {
      name: columnOf(name),
      type: `${typeOf(base, attributes)}${isList ? '[]' : ''}`,
      // Prisma makes lists without NOT NULL.
      nullable: type.endsWith('?') || isList,
      hasDefault: attributes.includes('@default('),
    };
  });
  const listed = (line: string) =>
    (/\[([^\]]+)\]/.exec(line)?.[1] ?? '')
      .split(',')
      .map((field) => columnOf(field.trim()))
      .join(',');
  const indexes = [
    ...scalars.flatMap(({ name, attributes }) => [
      ...(/@id\b/.test(attributes) ? [`id ${columnOf(name)}`] : []),
      ...(/@unique\b/.test(attributes) ? [`unique ${columnOf(name)}`] : []),
    ]),
    ...lines.flatMap((line) => {
      const kind = /^@@(id|unique|index)\b/.exec(line)?.[1];
      return kind ? [`${kind} ${listed(line)}`] : [];
    }),
  ];
  const references = fields.flatMap(({ type, attributes }) => {
    const field = /fields: \[(\w+)\]/.exec(attributes)?.[1];
    if (!field) return [];
    const action = /onDelete: (\w+)/.exec(attributes)?.[1] ?? (type.endsWith('?') ? 'SetNull' : 'Restrict');
    return [`${table}.${columnOf(field)} -> ${tables.get(type.replace('?', ''))} ${action}`];
  });
  return { table, columns, indexes, references };
};
