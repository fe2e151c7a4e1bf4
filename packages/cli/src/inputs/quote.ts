import type { QuoteRequest } from '@apwa/contracts';
import { readCount } from './count.js';

/** As many rows as the API samples. */
const MAX_ROWS = 1_000;
const MIN_ROWS = 2;

export const readSampleRows = (option: string, text: string): number => readCount(option, text, MAX_ROWS, MIN_ROWS);

/** `--quote ROWS|off`; `standard` where it is left out. */
export const readQuote = (text: string | undefined, standard: boolean): QuoteRequest => {
  if (text === undefined) return standard;
  return text === 'off' ? false : { rows: readSampleRows('--quote', text) };
};
