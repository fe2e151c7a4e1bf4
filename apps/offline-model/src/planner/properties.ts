import { type JsonSchema } from '@apwa/contracts';
import { defaultLabel } from '../patterns/labels.js';
import { PERSONAL } from '../worker/entities.js';
import { type PropertyWish } from './wishes.js';
import { stemsOfPhrase, unique } from './words.js';

/** A property of a step's answers: how it is asked for, and what SQL may do with it. */
export interface Property {
  name: string;
  wish: PropertyWish;
  schema: JsonSchema;
  /** What whoever reads a row is told about it. */
  sentence: string;
  shape: 'entities' | 'list' | 'value';
}

const allTypes = (): string[] => PERSONAL.map(defaultLabel);

const ENTITY_SENTENCE = (types: readonly string[], everything: boolean) =>
  `entities: every ${everything ? 'piece of personal data' : 'value of these types'} in the text, as often as it stands there and in its order, each with its type and the value exactly as it is written. Types: ${types.join(', ')}. An empty list if there is none.`;

/** The properties that answer a goal's wishes, under names that the input's columns leave free. */
export const propertiesFor = (wishes: readonly PropertyWish[], taken: Set<string>): Property[] => {
  const entities = wishes.find((wish) => wish.kind === 'entities');
  const typesOfAll = entities && entities.types.length > 0 ? entities.types : null;
  return wishes.map((wish): Property => {
    switch (wish.kind) {
      case 'entities': {
        const types = wish.types.length > 0 ? wish.types : allTypes();
        const item = {
          type: 'object',
          additionalProperties: false,
          required: ['type', 'value'],
          properties: { type: { type: 'string', enum: types }, value: { type: 'string' } },
        };
        return {
          name: unique('entities', taken),
          wish,
          schema: { type: 'array', items: item },
          sentence: ENTITY_SENTENCE(types, wish.types.length === 0),
          shape: 'entities',
        };
      }
      case 'redaction': {
        const types = wish.types.length > 0 ? wish.types : (typesOfAll ?? allTypes());
        const what = wish.types.length > 0 || typesOfAll ? 'value of these types' : 'piece of personal data';
        const sentence = `redacted: the whole text, letter for letter, but with every ${what} replaced by its type in angle brackets, for example <${types[0] ?? 'NAME'}>. Types: ${types.join(', ')}.`;
        return { name: unique('redacted', taken), wish, schema: { type: 'string' }, sentence, shape: 'value' };
      }
      case 'label': {
        const schema = wish.labels.length > 0 ? { type: 'string', enum: wish.labels } : { type: 'string', maxLength: 60 };
        const name = unique(wish.name, taken);
        const choice =
          wish.labels.length > 0
            ? `one of: ${wish.labels.join(', ')}. In doubt the one that fits best`
            : 'in one to three words, the same words for the same thing';
        return { name, wish, schema, sentence: `${name}: what the task "${wish.phrase}" asks for, ${choice}.`, shape: 'value' };
      }
      case 'field': {
        const name = unique(wish.name, taken);
        if (wish.type === 'list') {
          return {
            name,
            wish,
            schema: { type: 'array', items: { type: 'string' }, description: wish.phrase },
            sentence: `${name}: all ${wish.phrase} that the text names, each as it is written; an empty list if it names none.`,
            shape: 'list',
          };
        }
        const schema = { type: [wish.type === 'number' ? 'number' : 'string', 'null'], description: wish.phrase };
        return { name, wish, schema, sentence: `${name}: ${wish.phrase}, as the text has it; null if it does not say.`, shape: 'value' };
      }
      case 'summary': {
        const length =
          wish.sentences === null ? 'two or three sentences' : wish.sentences === 1 ? 'one sentence' : `${wish.sentences} sentences`;
        const name = unique('summary', taken);
        return {
          name,
          wish,
          schema: { type: 'string', description: `A summary in ${length}.` },
          sentence: `${name}: what the text says, in ${length}.`,
          shape: 'value',
        };
      }
      case 'question': {
        const name = unique('matches', taken);
        return {
          name,
          wish,
          schema: { type: 'boolean', description: `Whether ${wish.phrase}` },
          sentence: `${name}: true if of this text can be said: ${wish.phrase}. Otherwise false.`,
          shape: 'value',
        };
      }
      case 'score': {
        const name = unique(wish.name, taken);
        const type = Number.isInteger(wish.least) && wish.most - wish.least > 1 ? 'integer' : 'number';
        return {
          name,
          wish,
          schema: { type, minimum: wish.least, maximum: wish.most },
          sentence: `${name}: a number from ${wish.least} to ${wish.most} for the task "${wish.phrase}".`,
          shape: 'value',
        };
      }
      case 'answer': {
        const name = unique(wish.name, taken);
        return {
          name,
          wish,
          schema: { type: 'string', description: wish.phrase.slice(0, 400) },
          sentence: `${name}: the answer to the task "${wish.phrase}", for this text alone.`,
          shape: 'value',
        };
      }
    }
  });
};

/** Words under which people speak of a property. */
const SYNONYMS: Readonly<Partial<Record<PropertyWish['kind'], string>>> = {
  entities: 'finding entity value type kind data piece',
  label: 'label category class topic type kind group sentiment result',
  question: 'answer result match yes no',
  answer: 'answer result',
  score: 'score rating',
};

/** The property that a word of the goal means; null if it means none. */
export const propertyMeant = (phrase: string, properties: readonly Property[]): Property | null => {
  const wanted = stemsOfPhrase(phrase);
  const byName = properties.find(({ name }) => stemsOfPhrase(name).some((stem) => wanted.includes(stem)));
  return byName ?? properties.find(({ wish }) => stemsOfPhrase(SYNONYMS[wish.kind] ?? '').some((stem) => wanted.includes(stem))) ?? null;
};
