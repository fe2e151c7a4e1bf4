import { Name } from '@apwa/contracts';

export const tableArgument = Name.describe('Name of a table, as list_tables gives it.');
