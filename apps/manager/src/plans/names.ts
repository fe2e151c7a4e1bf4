import { type Fault } from '@apwa/contracts';
import { allowedNames } from './nearest.js';

/** A model that the configuration does not have. Left out: its default model is meant. */
export const unknownModel = (field: string, model: string | undefined, models: readonly string[]): Fault[] =>
  model === undefined || models.includes(model)
    ? []
    : [{ field, message: 'is not a model of the configuration', value: model, allowed: allowedNames(model, models) }];

/** Names in placeholders that are not among the known ones; none where nobody knows those. */
export const unknownColumns = (field: string, names: readonly string[], known: readonly string[] | undefined): Fault[] =>
  !known
    ? []
    : names
        .filter((name) => !known.includes(name))
        .map((name) => ({
          field,
          message: 'a placeholder names a column that the input does not have',
          value: `{{${name}}}`,
          allowed: allowedNames(name, known),
        }));
