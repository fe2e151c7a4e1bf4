import { ANSWERS_COLUMN, choiceColumns, type Column, type MapStep, callsModel, placeholdersOf } from '@apwa/contracts';

/**
 * Columns of its input that tell a template's rows apart: those that a model is shown of a row, which are all of them where the instructions name
 * none, those that a judge is shown beside them, and those by which a row says what of the template it takes. None without a model.
 */
export const columnsReadBy = ({ template }: Pick<MapStep, 'template'>, input: readonly Column[]): string[] => {
  if (!callsModel(template)) return [];
  const named = [...(template.instructionColumns ?? []), ...placeholdersOf(template.instructions)];
  const shown = named.length > 0 ? named : input.map(({ name }) => name).filter((name) => !name.startsWith('_'));
  const { replicas } = template;
  const judged = replicas?.combine === 'judge' ? placeholdersOf(replicas.judge.instructions).filter((name) => name !== ANSWERS_COLUMN) : [];
  return [...new Set([...shown, ...judged, ...choiceColumns(template).map(({ column }) => column)])];
};
