import { topicStems } from '../dictionaries/topics.js';
import { sentimentOf, toneOf } from './sentiment.js';
import { stem, stemsOf, wordsOf, wordsOfName } from './text.js';

const TONES: readonly [RegExp, 'positive' | 'negative' | 'neutral' | 'mixed'][] = [
  [/^(?:very )?(?:positive|pos|good|happy|satisfied|favou?rable|praise|promoter|recommended)$/i, 'positive'],
  [/^(?:very )?(?:negative|neg|bad|unhappy|dissatisfied|unfavou?rable|critical|detractor|angry)$/i, 'negative'],
  [/^(?:neutral|neither|none|balanced|objective|passive|factual)$/i, 'neutral'],
  [/^(?:mixed|ambivalent)$/i, 'mixed'],
];
const toneOfLabel = (label: string) => TONES.find(([pattern]) => pattern.test(label.trim()))?.[1] ?? null;

const LEVELS: readonly [RegExp, number][] = [
  [/^(?:none|no|not urgent|trivial|lowest|very low)$/i, 0],
  [/^(?:low|minor|p[34]|small)$/i, 1],
  [/^(?:medium|normal|moderate|p2|middle|standard)$/i, 2],
  [/^(?:high|major|urgent|p1|important|severe|large)$/i, 3],
  [/^(?:critical|very high|highest|p0|emergency|blocker)$/i, 4],
];
const levelOf = (label: string) => LEVELS.find(([pattern]) => pattern.test(label.trim()))?.[1] ?? null;
const URGENT =
  /\b(?:urgent(?:ly)?|asap|immediately|emergency|critical|outage|right now|at once|block(?:ed)?|lost|stolen|fraud|hacked|deadline|cannot work|can't work|danger(?:ous)?)\b/gi;

const REST = /^(?:other|others|none|unknown|neutral|general|misc(?:ellaneous)?|unclear|n\/?a|not applicable|uncategori[sz]ed|no)$/i;

/** What instructions say of a label: "billing: charges and refunds", "- billing (charges)", "`billing` means charges". */
const explanationOf = (label: string, instructions: string): string => {
  const escaped = label.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const match = new RegExp(`(?:^|[\\s"'\`(,;-])${escaped}["'\`]?\\s*(?::|=|—|–| - |\\(|means|if|when|for)\\s*([^\\n;.)]{3,200})`, 'i').exec(
    instructions,
  );
  return match?.[1] ?? '';
};

/** How much of a text speaks for each label: by its own words, by what the instructions say of it, and by what is known of topics. */
const weights = (labels: readonly string[], text: string, instructions: string): number[] => {
  const stems = stemsOf(text);
  const all = new Set([...stems, ...wordsOf(text).map(stem)]);
  const lower = text.toLowerCase();
  return labels.map((label) => {
    const own = wordsOfName(label).map(stem);
    const explained = new Set(stemsOf(explanationOf(label, instructions)));
    const topics = own.flatMap((word) => [...topicStems(word)]);
    const count = (words: Iterable<string>) => [...words].filter((word) => all.has(word)).length;
    return (
      3 * count(own) +
      (lower.includes(label.toLowerCase()) ? 2 : 0) +
      1.5 * count(explained) +
      count(new Set(topics)) +
      (own.includes('question') && /\?/.test(text) ? 2 : 0)
    );
  });
};

/** The label that fits a text best. */
export const classify = (labels: readonly string[], text: string, instructions = ''): string => {
  const tones = labels.map(toneOfLabel);
  if (labels.length > 1 && tones.filter(Boolean).length >= Math.min(2, labels.length) && tones.filter((tone) => tone === null).length <= 1)
    return byTone(labels, tones, text);
  const levels = labels.map(levelOf);
  if (labels.length > 1 && levels.every((level) => level !== null)) return byLevel(labels, levels, text);
  const found = weights(labels, text, instructions);
  const best = Math.max(...found);
  if (best > 0) return labels[found.indexOf(best)] as string;
  return labels.find((label) => REST.test(label)) ?? (labels[0] as string);
};

/** Every label that something in the text speaks for. */
export const classifyAll = (labels: readonly string[], text: string, instructions = ''): string[] => {
  const found = weights(labels, text, instructions);
  return labels.filter((_, index) => (found[index] as number) >= 1.5);
};

const byTone = (labels: readonly string[], tones: readonly (string | null)[], text: string): string => {
  const tone = toneOf(text, tones.includes('mixed'));
  const strong = Math.abs(sentimentOf(text).balance) > 0.8 && sentimentOf(text).positive + sentimentOf(text).negative >= 3;
  const fitting = labels.filter((_, index) => tones[index] === tone);
  const very = fitting.find((label) => /^very/i.test(label));
  if (very !== undefined && fitting.length > 1) return strong ? very : (fitting.find((label) => label !== very) as string);
  return (
    fitting[0] ??
    labels.find((_, index) => tones[index] === 'neutral') ??
    labels.find((_, index) => tones[index] === null) ??
    (labels[0] as string)
  );
};

const byLevel = (labels: readonly string[], levels: readonly (number | null)[], text: string): string => {
  const signs = (text.match(URGENT) ?? []).length + (/!{2,}|\b[A-Z]{5,}\b/.test(text) ? 1 : 0);
  const upset = sentimentOf(text).balance < -0.3 ? 1 : 0;
  const wanted = signs >= 2 ? 4 : signs === 1 ? 3 : upset ? 2 : 1;
  const distance = (level: number | null) => Math.abs((level ?? 0) - wanted);
  return labels.reduce(
    (best, label, index) => (distance(levels[index] as number) < distance(levels[labels.indexOf(best)] as number) ? label : best),
    labels[0] as string,
  );
};
