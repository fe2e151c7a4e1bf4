import { type Column, type MapStep, callsModel, placeholdersOf } from '@apwa/contracts';

/** Columns of its input that a model is shown of a row: all of them where the instructions name none. None without a model. */
export const columnsReadBy = ({ template }: Pick<MapStep, 'template'>, input: readonly Column[]): string[] => {
  if (!callsModel(template)) return [];
  const named = [...new Set([...(template.instructionColumns ?? []), ...placeholdersOf(template.instructions)])];
  return named.length > 0 ? named : input.map(({ name }) => name).filter((name) => !name.startsWith('_'));
};
