/** No tokenizer in use makes one token of more letters than this in running text. */
const LETTERS_PER_TOKEN = 16;
const WORD = /\S+/g;

/**
 * A number of tokens that `text` has at least, whatever the tokenizer: words are never joined to one token, long ones are cut.
 * Counting stops when `enough` is passed. Text of that few characters needs no counting.
 */
export const tokensAtLeast = (text: string, enough: number): number => {
  if (text.length <= enough) return 0;
  let tokens = 0;
  for (const [word] of text.matchAll(WORD)) {
    tokens += Math.ceil(word.length / LETTERS_PER_TOKEN);
    if (tokens > enough) break;
  }
  return tokens;
};
