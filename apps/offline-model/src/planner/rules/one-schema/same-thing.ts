import { type ColumnView } from '../../tables.js';
import { likeness, stemsOfPhrase } from '../../words.js';

/** Words that name the same thing in tables of different people. */
const SAME: readonly (readonly string[])[] = [
  ['title', 'work', 'book', 'heading', 'headline'],
  ['name', 'title', 'label', 'product', 'item'],
  ['author', 'writer', 'creator', 'composer', 'by'],
  ['year', 'published', 'publication year', 'released', 'date'],
  ['date', 'day', 'when', 'created', 'timestamp'],
  ['place', 'city', 'town', 'location', 'where'],
  ['country', 'nation', 'state'],
  ['source', 'path', 'file', 'filename', 'origin', 'url'],
  ['price', 'cost', 'amount', 'value'],
  ['currency', 'money'],
  ['article', 'code', 'sku', 'number', 'article number', 'model'],
  ['supplier', 'vendor', 'seller', 'company', 'manufacturer'],
  ['quantity', 'count', 'amount', 'units', 'pieces'],
  ['weight', 'mass'],
  ['customer', 'client', 'buyer'],
  ['email', 'mail', 'e-mail address'],
  ['phone', 'telephone', 'mobile'],
  ['description', 'summary', 'text', 'notes'],
];

const same = (a: string, b: string): boolean => stemsOfPhrase(a).join() === stemsOfPhrase(b).join();
const sets = SAME.map((words) => words.flatMap((word) => (stemsOfPhrase(word).length > 0 ? [word] : [])));

/** The column that holds what a field asks for: by its name, else by another word for it. Null: none. */
export const columnFor = (field: string, columns: readonly ColumnView[]): ColumnView | null => {
  const named = columns.filter(({ name }) => likeness(name, field) === 3);
  const alike = named.length > 0 ? named : columns.filter(({ name }) => likeness(name, field) > 0);
  if (alike[0]) return alike[0];
  for (const words of sets) {
    if (!words.some((word) => same(word, field))) continue;
    const found = columns.find(({ name }) => words.some((word) => same(word, name)));
    if (found) return found;
  }
  return null;
};
