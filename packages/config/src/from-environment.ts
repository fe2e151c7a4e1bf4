import { RefusedError } from '@apwa/contracts';
import { type ConfigDocument } from './document.js';

const OPENAI_URL = 'https://api.openai.com/v1';
/** What is called where nobody said what to call. Limits as its provider states them. */
const OPENAI_MODEL = { name: 'gpt-4.1-mini', contextTokens: 1_047_576, outputTokens: 16_384 };

/** The configuration of those who wrote none, but have the usual variables of OpenAI's tools set; undefined without a key. */
export const documentFromEnvironment = (env: NodeJS.ProcessEnv): ConfigDocument | undefined => {
  if (!env.OPENAI_API_KEY) return undefined;
  if (!env.APWA_MODEL && env.OPENAI_BASE_URL)
    throw new RefusedError('invalid_config', 'OPENAI_BASE_URL is set: APWA_MODEL must say which of its models to use.', {
      field: 'APWA_MODEL',
      allowed: "the provider's id of a model",
    });
  const model = env.APWA_MODEL ? { name: env.APWA_MODEL } : OPENAI_MODEL;
  return { models: { default: { baseUrl: env.OPENAI_BASE_URL || OPENAI_URL, apiKey: env.OPENAI_API_KEY, ...model } } };
};

export const noConfiguration = (path: string): RefusedError =>
  new RefusedError(
    'invalid_config',
    `There is no configuration: write ${path} with a model, for example "models: { small: { baseUrl: 'https://api.openai.com/v1', apiKey: '\${OPENAI_API_KEY}', name: 'gpt-4.1-mini' } }", or set OPENAI_API_KEY.`,
    { field: 'models', allowed: 'one model or more' },
  );
