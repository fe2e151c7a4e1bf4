import { type TypeTree } from './column-type.js';

const scalar = (name: string): TypeTree => ({ kind: 'scalar', name });

/**
 * Types that Parquet, or a reader of it, holds otherwise or not at all. `HUGEINT` above all: every sum of integers is one,
 * and Parquet would make it a DOUBLE; as BIGINT it stays exact, and a sum beyond 9.2e18 is an error instead of a wrong figure.
 */
const REPLACED: Record<string, string> = {
  HUGEINT: 'BIGINT',
  UHUGEINT: 'BIGINT',
  UBIGINT: 'BIGINT',
  BIGNUM: 'VARCHAR',
  VARINT: 'VARCHAR',
  INTERVAL: 'VARCHAR',
  BIT: 'VARCHAR',
  TIME: 'VARCHAR',
  TIME_NS: 'VARCHAR',
  'TIME WITH TIME ZONE': 'VARCHAR',
  UUID: 'VARCHAR',
  TIMESTAMP_S: 'TIMESTAMP',
  TIMESTAMP_MS: 'TIMESTAMP',
  TIMESTAMP_NS: 'TIMESTAMP',
  GEOMETRY: 'VARCHAR',
  VARIANT: 'JSON',
  NULL: 'VARCHAR',
};

/** The type that a column is cast to before it is stored, so that every reader sees the type that the catalogue names. */
export const storedType = (tree: TypeTree): TypeTree => {
  switch (tree.kind) {
    case 'scalar': {
      if (/^ENUM\s*\(/i.test(tree.name)) return scalar('VARCHAR');
      return scalar(REPLACED[tree.name.replace(/^"|"$/g, '')] ?? tree.name);
    }
    case 'struct':
      return { kind: 'struct', fields: tree.fields.map(({ name, type }) => ({ name, type: storedType(type) })) };
    case 'list':
      return { kind: 'list', element: storedType(tree.element) };
    case 'map':
      return { kind: 'map', key: storedType(tree.key), value: storedType(tree.value) };
    case 'union':
      return scalar('JSON');
  }
};
