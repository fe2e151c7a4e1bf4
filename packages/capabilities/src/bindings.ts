import { type CapabilityTemplate, fillPlaceholders, type JsonObject, type JsonValue, placeholdersOf } from '@apwa/contracts';

/** Where an argument comes from. */
export type Binding =
  /** A column's value as it is. */
  | { kind: 'column'; column: string }
  /** A text with columns' values in it. */
  | { kind: 'text'; text: string; columns: string[] }
  /** The same for every row. */
  | { kind: 'constant'; value: JsonValue };

const ONE_PLACEHOLDER = /^\s*\{\{\s*[^{}]+?\s*\}\}\s*$/;

export const bindingOf = (value: JsonValue): Binding => {
  if (typeof value !== 'string') return { kind: 'constant', value };
  const columns = placeholdersOf(value);
  const [column] = columns;
  if (column === undefined) return { kind: 'constant', value };
  return ONE_PLACEHOLDER.test(value) ? { kind: 'column', column } : { kind: 'text', text: value, columns };
};

/** A value as it stands in a longer text. */
export const asText = (value: JsonValue): string => (typeof value === 'string' ? value : value === null ? '' : JSON.stringify(value));

const valueOf = (binding: Binding, row: Readonly<Record<string, JsonValue>>): JsonValue => {
  switch (binding.kind) {
    case 'column':
      return row[binding.column] ?? null;
    case 'text':
      return fillPlaceholders(binding.text, (column) => asText(row[column] ?? null));
    case 'constant':
      return binding.value;
  }
};

export interface BoundArguments {
  /** The columns of the input that they are made of, each once. */
  readonly columns: string[];
  /** A row's arguments. */
  of(row: Readonly<Record<string, JsonValue>>): JsonObject;
}

/** How a template's arguments are made of a row. */
export const bindArguments = (given: CapabilityTemplate['with']): BoundArguments => {
  const bindings = Object.entries(given).map(([name, value]) => [name, bindingOf(value)] as const);
  const columns = bindings.flatMap(([, binding]) => {
    switch (binding.kind) {
      case 'column':
        return [binding.column];
      case 'text':
        return binding.columns;
      case 'constant':
        return [];
    }
  });
  return {
    columns: [...new Set(columns)],
    of: (row) => Object.fromEntries(bindings.map(([name, binding]) => [name, valueOf(binding, row)])),
  };
};
