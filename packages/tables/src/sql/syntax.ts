/** A node of DuckDB's syntax tree, as `json_serialize_sql` shows it. */
export type Syntax = { [key: string]: SyntaxValue };
type SyntaxValue = string | number | boolean | null | Syntax | SyntaxValue[];

/**
 * Functions that give rows and read nothing but their arguments. All others are refused: those that read files, those that show
 * or change the database's own state (`duckdb_settings`, `enable_logging`), those that run text as a query (`query`).
 */
const TABLE_FUNCTIONS = new Set([
  'range',
  'generate_series',
  'unnest',
  'json_each',
  'json_tree',
  'repeat',
  'repeat_row',
  'regexp_split_to_table',
]);

/** Functions on values that show or change something outside of the query's rows. */
const REFUSED_FUNCTIONS = new Set([
  'getenv',
  'current_setting',
  'getvariable',
  'write_log',
  'read_text',
  'read_blob',
  'glob',
  'nextval',
  'currval',
  'json_execute_serialized_sql',
  'sleep_ms',
  'sleep',
]);

/** What a query may not do, in a sentence; null if there is nothing of the kind. */
export const findFaults = (root: Syntax, tables: readonly string[]): string | null => {
  const known = new Set([...tables.map((name) => name.toLowerCase()), ...commonTables(root)]);
  for (const node of nodesOf(root)) {
    const fault = faultOf(node, known, tables);
    if (fault !== null) return fault;
  }
  return null;
};

/** Names of the outermost SELECT's columns that the query spells out; a star's are not among them. */
export const explicitNames = (root: Syntax): Set<string> => {
  const names = new Set<string>();
  const visit = (node: Syntax): void => {
    for (const side of ['left', 'right']) if (isNode(node[side])) visit(node[side]);
    const list = node['select_list'];
    for (const item of Array.isArray(list) ? list : []) {
      if (!isNode(item)) continue;
      const alias = item['alias'];
      const path = item['column_names'];
      if (typeof alias === 'string' && alias !== '') names.add(alias);
      else if (Array.isArray(path) && typeof path.at(-1) === 'string') names.add(path.at(-1) as string);
    }
  };
  visit(root);
  return names;
};

const faultOf = (node: Syntax, known: ReadonlySet<string>, tables: readonly string[]): string | null => {
  switch (node['type']) {
    case 'BASE_TABLE': {
      const [catalog, schema, name] = ['catalog_name', 'schema_name', 'table_name'].map((part) => textOf(node[part])) as [
        string,
        string,
        string,
      ];
      const qualified = catalog !== '' || (schema !== '' && schema !== 'main');
      if (!qualified && known.has(name.toLowerCase())) return null;
      const full = [catalog, schema, name].filter((part) => part !== '').join('.');
      return `There is no table ${full}. Tables: ${tables.join(', ') || 'none'}.`;
    }
    case 'TABLE_FUNCTION': {
      const called = isNode(node['function']) ? textOf(node['function']['function_name']) : 'unknown';
      if (TABLE_FUNCTIONS.has(called.toLowerCase())) return null;
      return `The table function ${called} is not allowed. Allowed: ${[...TABLE_FUNCTIONS].join(', ')}; data is read from the tables ${tables.join(', ')}.`;
    }
    case 'FUNCTION': {
      const called = textOf(node['function_name']);
      return REFUSED_FUNCTIONS.has(called.toLowerCase()) ? `The function ${called} is not allowed.` : null;
    }
    default:
      return null;
  }
};

/** Names that WITH clauses give, wherever they stand: that a name is in scope is for DuckDB to say. */
const commonTables = (root: Syntax): string[] => {
  const names: string[] = [];
  for (const node of nodesOf(root)) {
    const map = isNode(node['cte_map']) ? node['cte_map']['map'] : null;
    for (const entry of Array.isArray(map) ? map : [])
      if (isNode(entry) && typeof entry['key'] === 'string') names.push(entry['key'].toLowerCase());
  }
  return names;
};

const textOf = (value: SyntaxValue | undefined): string => (typeof value === 'string' ? value : '');

const isNode = (value: SyntaxValue | undefined): value is Syntax => typeof value === 'object' && value !== null && !Array.isArray(value);

/** All nodes of a tree, without recursion: a query may nest deeper than the stack. */
function* nodesOf(root: Syntax): Iterable<Syntax> {
  const waiting: SyntaxValue[] = [root];
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (Array.isArray(next)) waiting.push(...next);
    else if (isNode(next)) {
      yield next;
      waiting.push(...Object.values(next));
    }
  }
}
