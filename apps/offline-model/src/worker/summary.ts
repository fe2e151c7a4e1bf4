import { sentencesOf, shorten, stemsOf } from './text.js';

/** Texts longer than this are summarised by their beginning. */
const MOST_CHARACTERS = 200_000;

/** Sentences by how much of the text's frequent content they hold, in the order of the text. */
export const keySentences = (text: string, count: number): string[] => {
  const sentences = sentencesOf(text.slice(0, MOST_CHARACTERS));
  if (sentences.length <= count) return sentences;
  const stems = sentences.map(stemsOf);
  const frequency = new Map<string, number>();
  for (const stem of stems.flat()) frequency.set(stem, (frequency.get(stem) ?? 0) + 1);
  return sentences
    .map((sentence, index) => {
      const own = stems[index] as string[];
      const weight = own.reduce((sum, stem) => sum + (frequency.get(stem) ?? 0), 0) / (own.length + 3);
      return { sentence, index, weight: weight * (index === 0 ? 1.5 : 1) };
    })
    .sort((a, b) => b.weight - a.weight || a.index - b.index)
    .slice(0, count)
    .sort((a, b) => a.index - b.index)
    .map(({ sentence }) => sentence);
};

export const summaryOf = (text: string, length = 400, sentences = 2): string =>
  shorten(keySentences(text, sentences).join(' ') || text.trim(), length);

/** The words that stand in a text most often, in their first spelling. */
export const keywordsOf = (text: string, count: number): string[] => {
  const seen = new Map<string, { word: string; n: number }>();
  for (const [word] of text.slice(0, MOST_CHARACTERS).matchAll(/\p{L}[\p{L}\p{N}'’-]{2,}/gu)) {
    const [stem] = stemsOf(word);
    if (stem === undefined) continue;
    const known = seen.get(stem);
    if (known) known.n++;
    else seen.set(stem, { word, n: 1 });
  }
  return [...seen.values()]
    .sort((a, b) => b.n - a.n || b.word.length - a.word.length || (a.word < b.word ? -1 : 1))
    .slice(0, count)
    .map(({ word }) => word.toLowerCase());
};

/** The sentence that shares most content with a question; null if none shares any. */
export const bestSentence = (text: string, question: string): string | null => {
  const wanted = new Set(stemsOf(question));
  let best: { sentence: string; shared: number } | null = null;
  for (const sentence of sentencesOf(text.slice(0, MOST_CHARACTERS))) {
    const shared = new Set(stemsOf(sentence).filter((stem) => wanted.has(stem))).size;
    if (shared > (best?.shared ?? 0)) best = { sentence, shared };
  }
  return best?.sentence ?? null;
};
