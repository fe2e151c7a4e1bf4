import { InternalError } from '@apwa/contracts';

/** A DuckDB type, taken apart. Scalars keep their name in capitals, with parameters: `BIGINT`, `DECIMAL(18,3)`. */
export type TypeTree =
  | { kind: 'scalar'; name: string }
  | { kind: 'struct'; fields: { name: string; type: TypeTree }[] }
  | { kind: 'map'; key: TypeTree; value: TypeTree }
  | { kind: 'union'; members: { name: string; type: TypeTree }[] }
  | { kind: 'list'; element: TypeTree; /** Of an array of fixed length. */ length?: number };

const SYNONYMS: Record<string, string> = {
  TEXT: 'VARCHAR',
  STRING: 'VARCHAR',
  INT: 'INTEGER',
  LONG: 'BIGINT',
  BOOL: 'BOOLEAN',
  REAL: 'FLOAT',
  DATETIME: 'TIMESTAMP',
  TIMESTAMPTZ: 'TIMESTAMP WITH TIME ZONE',
  TIMETZ: 'TIME WITH TIME ZONE',
};

/** Reads a type as DuckDB writes it, for example `STRUCT("type" VARCHAR, n BIGINT[])[]`. InternalError `invalid_type` if it is none. */
export const parseType = (text: string): TypeTree => {
  const kept = parsed.get(text);
  if (kept) return kept;
  const reader = new TypeReader(text);
  const tree = reader.type();
  reader.end();
  if (parsed.size > 10_000) parsed.clear();
  parsed.set(text, tree);
  return tree;
};

const parsed = new Map<string, TypeTree>();

export const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;
export const quoteText = (text: string): string => `'${text.replaceAll("'", "''")}'`;

export const formatType = (tree: TypeTree): string => {
  switch (tree.kind) {
    case 'scalar':
      return tree.name;
    case 'list':
      return `${formatType(tree.element)}[${tree.length ?? ''}]`;
    case 'map':
      return `MAP(${formatType(tree.key)}, ${formatType(tree.value)})`;
    case 'struct':
      return `STRUCT(${tree.fields.map(({ name, type }) => `${quoteName(name)} ${formatType(type)}`).join(', ')})`;
    case 'union':
      return `UNION(${tree.members.map(({ name, type }) => `${quoteName(name)} ${formatType(type)}`).join(', ')})`;
  }
};

class TypeReader {
  private at = 0;

  constructor(private readonly text: string) {}

  type(): TypeTree {
    let tree = this.base();
    for (let suffix = this.match(/\[(\d*)\]/y); suffix; suffix = this.match(/\[(\d*)\]/y))
      tree = { kind: 'list', element: tree, ...(suffix[1] ? { length: Number(suffix[1]) } : {}) };
    return tree;
  }

  end(): void {
    if (this.at < this.text.length) this.fail();
  }

  private base(): TypeTree {
    if (this.match(/STRUCT\s*\(/iy)) return { kind: 'struct', fields: this.fields() };
    if (this.match(/UNION\s*\(/iy)) return { kind: 'union', members: this.fields() };
    if (this.match(/MAP\s*\(/iy)) {
      const key = this.type();
      this.expect(/,\s*/y);
      const value = this.type();
      this.expect(/\)/y);
      return { kind: 'map', key, value };
    }
    const values = this.match(/ENUM\s*\((?:'(?:[^']|'')*'(?:,\s*)?)*\)/iy);
    if (values) return { kind: 'scalar', name: values[0] };
    const quoted = this.match(/"(?:[^"]|"")+"/y);
    if (quoted) return { kind: 'scalar', name: quoted[0].slice(1, -1).toUpperCase() };
    const word = this.match(/[A-Za-z_][A-Za-z0-9_]*(?: WITH(?:OUT)? TIME ZONE)?/iy);
    if (!word) return this.fail();
    const parameters = this.match(/\(\s*[\d\s,]+\)/y)?.[0].replace(/\s/g, '') ?? '';
    const name = word[0].toUpperCase();
    return { kind: 'scalar', name: (SYNONYMS[name] ?? name) + parameters };
  }

  private fields(): { name: string; type: TypeTree }[] {
    const fields: { name: string; type: TypeTree }[] = [];
    do {
      const name = this.expect(/"(?:[^"]|"")*"|[^\s",()]+/y)[0];
      this.expect(/\s+/y);
      fields.push({ name: name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name, type: this.type() });
    } while (this.match(/,\s*/y));
    this.expect(/\)/y);
    return fields;
  }

  private match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found) this.at += found[0].length;
    return found;
  }

  private expect(pattern: RegExp): RegExpExecArray {
    return this.match(pattern) ?? this.fail();
  }

  private fail(): never {
    throw new InternalError('invalid_type', `Not a type of DuckDB: ${this.text} (at character ${this.at}).`);
  }
}
