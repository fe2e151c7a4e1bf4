import { type Detector, matches } from './span.js';

const MONTH =
  '(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\\.?';
const DAY = '(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)';
const CLOCK = '(?:[01]?\\d|2[0-3]):[0-5]\\d(?::[0-5]\\d)?(?:\\.\\d+)?(?: ?[ap]\\.?m\\b\\.?)?';
const YEAR = '(?:1[5-9]|20)\\d{2}';

const PATTERNS = [
  // 2000-04-16 11:34:35, 2000-04-16T11:34:35Z, 2000/4/16
  `(?<!\\d)${YEAR}[-/.](?:0?[1-9]|1[0-2])[-/.](?:0?[1-9]|[12]\\d|3[01])(?:[T ]${CLOCK}(?:Z|[+-]\\d{2}:?\\d{2})?)?(?![\\d])`,
  // 2/8/1935, 16.4.2000, 16-04-00
  `(?<![\\d/.-])(?:0?[1-9]|[12]\\d|3[01])(?<separator>[-/.])(?:0?[1-9]|[12]\\d|3[01])\\k<separator>(?:${YEAR}|\\d{2})(?: ${CLOCK})?(?![\\d/-])`,
  // 16 April 2000, 16th of April; April 16, 2000; April 2000
  `\\b(?:${DAY},? )?(?:[12]?\\d|3[01])(?:st|nd|rd|th)?(?: of)? ${MONTH}(?:,? ${YEAR})?\\b`,
  `\\b(?:${DAY},? )?${MONTH} (?:[12]?\\d|3[01])(?:st|nd|rd|th)?(?:,? ${YEAR})?\\b(?!\\d)`,
  `\\b${MONTH},? ${YEAR}\\b`,
  `\\b${DAY}s?\\b`,
  `(?<![\\d:])${CLOCK}(?![\\d:])`,
  `\\b(?:[1-9]|1[0-2]) ?[ap]\\.?m\\b\\.?`,
].map((source) => new RegExp(source, 'gu'));

/** A bare year needs a word before it that makes it one. */
const BARE_YEAR = new RegExp(
  `(?:\\b(?:in|since|during|from|until|till|by|of|before|after|year|early|late|mid|summer|winter|spring|autumn|fall|born|circa|around|a|the)\\b[ -]|[(©])(?<value>${YEAR})(?:s)?(?![\\w-]|[.,:/]\\d)`,
  'giu',
);
/** "Labor Day", "Sunday Times" and the like. */
const FALSE_DAY = /(?:day )(?:before|after|times|school|night)?/i;

export const findDates: Detector = (text) => {
  const spans = PATTERNS.flatMap((pattern) => matches(text, pattern, 'date'));
  const years = /\d{4}/.test(text) ? matches(text, BARE_YEAR, 'date') : [];
  return [
    ...spans.filter(
      ({ start, end }) =>
        !(end - start < 10 && FALSE_DAY.test(text.slice(end - 3, end + 7)) && /\blast\b/i.test(text.slice(start - 8, start))),
    ),
    ...years,
  ];
};
