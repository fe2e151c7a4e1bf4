import { type PrismaModel, readPrismaSchema } from './prisma-schema.js';

/** As much of a Postgres client as is needed: a `Client` or `Pool` of `pg` is one. */
export interface SchemaClient {
  query(text: string, values: unknown[]): Promise<{ rows: unknown[] }>;
}

export interface SchemaQuestion {
  client: SchemaClient;
  /** The Postgres schema that the migrations were applied to. */
  schema: string;
  /** The text of schema.prisma. */
  prismaSchema: string;
}

/** The same things in the same words, sorted: a line each. */
export interface MadeAndSaid {
  /** What stands in Postgres. */
  made: string[];
  /** What schema.prisma says. */
  said: string[];
}

export interface SchemaComparison {
  /** `table.column type`, with `?` where it may be null and `default` where it has one. */
  columns: MadeAndSaid;
  /** `table id a,b`, `table unique a`, `table index a` */
  indexes: MadeAndSaid;
  /** `table.column -> target Cascade` */
  references: MadeAndSaid;
  /** What Prisma has no words for, so that a test can name it: `table check name`, `table exclude name`, `table partial name`. */
  unsayable: string[];
}

/** Prisma's own table of applied migrations is in the schema too. */
const OWN = `relnamespace = $1::regnamespace AND relname <> '_prisma_migrations'`;

const COLUMNS = `
  SELECT t.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
    || CASE WHEN a.attnotnull THEN '' ELSE '?' END || CASE WHEN a.atthasdef THEN ' default' ELSE '' END AS line
  FROM pg_attribute a JOIN (SELECT * FROM pg_class WHERE ${OWN}) t ON t.oid = a.attrelid
  WHERE t.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped`;

const INDEXES = `
  SELECT t.relname || ' ' || CASE WHEN i.indisprimary THEN 'id' WHEN i.indisunique THEN 'unique' ELSE 'index' END || ' '
    || (SELECT string_agg(a.attname, ',' ORDER BY k.n) FROM unnest(i.indkey) WITH ORDINALITY AS k(attnum, n)
        JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum) AS line
  FROM pg_index i JOIN (SELECT * FROM pg_class WHERE ${OWN}) t ON t.oid = i.indrelid
  WHERE i.indexprs IS NULL AND i.indpred IS NULL AND NOT i.indisexclusion`;

const REFERENCES = `
  SELECT t.relname || '.' || a.attname || ' -> ' || r.relname || ' ' || CASE k.confdeltype
    WHEN 'c' THEN 'Cascade' WHEN 'n' THEN 'SetNull' WHEN 'r' THEN 'Restrict' WHEN 'a' THEN 'NoAction' WHEN 'd' THEN 'SetDefault' END AS line
  FROM pg_constraint k JOIN (SELECT * FROM pg_class WHERE ${OWN}) t ON t.oid = k.conrelid JOIN pg_class r ON r.oid = k.confrelid
  JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.conkey[1]
  WHERE k.contype = 'f'`;

const UNSAYABLE = `
  SELECT t.relname || ' ' || CASE k.contype WHEN 'c' THEN 'check ' ELSE 'exclude ' END || k.conname AS line
  FROM pg_constraint k JOIN (SELECT * FROM pg_class WHERE ${OWN}) t ON t.oid = k.conrelid WHERE k.contype IN ('c', 'x')
  UNION ALL
  SELECT t.relname || ' partial ' || x.relname
  FROM pg_index i JOIN (SELECT * FROM pg_class WHERE ${OWN}) t ON t.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid
  WHERE (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL) AND NOT i.indisexclusion`;

/** What migrations made beside what schema.prisma says: a service's migrations are written by hand, its client is generated. */
export const compareSchema = async ({ client, schema, prismaSchema }: SchemaQuestion): Promise<SchemaComparison> => {
  const models = readPrismaSchema(prismaSchema);
  const lines = async (statement: string): Promise<string[]> =>
    (await client.query(statement, [schema])).rows.map((row) => (row as { line: string }).line).sort();
  return {
    columns: { made: await lines(COLUMNS), said: models.flatMap(columnsOf).sort() },
    indexes: { made: await lines(INDEXES), said: models.flatMap(({ table, indexes }) => indexes.map((one) => `${table} ${one}`)).sort() },
    references: { made: await lines(REFERENCES), said: models.flatMap(({ references }) => references).sort() },
    unsayable: await lines(UNSAYABLE),
  };
};

const columnsOf = ({ table, columns }: PrismaModel): string[] =>
  columns.map(({ name, type, nullable, hasDefault }) => `${table}.${name} ${type}${nullable ? '?' : ''}${hasDefault ? ' default' : ''}`);
