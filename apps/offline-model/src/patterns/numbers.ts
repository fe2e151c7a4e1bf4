import { hasIbanLength, passesIban, passesLuhn } from './checksums.js';
import { type Detector, matches } from './span.js';

/** Patterns of numbers with a meaning: those that hold a checksum first, those that need a word beside them last. */

const IBAN = /\b[a-z]{2}\d{2}(?:[ -]?[a-z\d]{4}){2,7}(?:[ -]?[a-z\d]{1,4})?(?![a-z\d])/gi;
const near = (text: string, at: number, words: RegExp, reach = 40): boolean => words.test(text.slice(Math.max(0, at - reach), at));

/** Valid ones; and, where the word IBAN stands before it, one of the right length with a typing error. */
export const findIbans: Detector = (text) =>
  matches(text, IBAN, 'iban', (value, match) => passesIban(value) || (hasIbanLength(value) && near(text, match.index, /iban/i)));

const CARD = /(?<![\d.-])\d(?:[ -]?\d){11,18}(?![\d]|[.-]\d)/g;

/** 12 to 19 digits that pass Luhn's check, or of which the text says that they are a card's. */
export const findCards: Detector = (text) =>
  matches(text, CARD, 'card', (value, match) => passesLuhn(value) || near(text, match.index, /\b(?:cards?|cc|visa|mastercard|amex)\b/i));

const SSN = /(?<![\d-])(?!000|666)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\d-])/g;
const SSN_WORDS = /\b(?:ssn|social security)\b/i;

export const findSsns: Detector = (text) => [
  ...matches(text, SSN, 'ssn'),
  ...(SSN_WORDS.test(text)
    ? matches(text, /(?<!\d)\d{3} ?\d{2} ?\d{4}(?!\d)/g, 'ssn', (_, match) => near(text, match.index, SSN_WORDS))
    : []),
];

const LABELLED =
  /\b(?<label>driver'?s?'? ?licen[cs]e|driving licen[cs]e|passport|licen[cs]e|policy|account|customer|order|reference|case|ticket|invoice|member(?:ship)?|employee|patient|tax|national)(?: (?:id|number|no\.?|nr\.?|#))*(?: is| was)?\s*[:#]?\s*(?<value>(?=[\w-]*\d)[A-Z\d](?:[A-Z\d-]*[A-Z\d])?)\b/gi;

/** Numbers that a word before them explains. */
export const findIds: Detector = (text) => {
  if (!/\d/.test(text)) return [];
  return [
    ...matches(text, LABELLED, 'driver_license', (value, match) => value.length > 4 && /driv/i.test(match.groups?.label ?? '')),
    ...matches(text, LABELLED, 'id', (value, match) => value.length > 3 && !/driv/i.test(match.groups?.label ?? '')),
  ];
};

const CURRENCY = '[$€£¥₹]|USD|EUR|GBP|CHF|JPY|CAD|AUD|SEK|NOK|DKK|PLN|CZK|HUF|INR';
const FIGURE = "\\d{1,3}(?:[ ,.\u00A0']\\d{3})+(?:[.,]\\d{1,2})?|\\d+(?:[.,]\\d{1,2})?";
const SCALE = '(?: ?(?:k|m|bn|thousand|million|billion)\\b)?';
const AMOUNT = new RegExp(
  `(?<![\\w.])(?:${CURRENCY}) ?(?:${FIGURE})${SCALE}|(?<![\\w.,])(?:${FIGURE})${SCALE} ?(?:[$€£¥₹]|(?:USD|EUR|GBP|CHF|JPY|CAD|AUD|SEK|NOK|DKK|PLN|CZK|HUF|INR|dollars?|euros?|pounds?|cents?|kronor|yen|francs)\\b)`,
  'gi',
);

export const findAmounts: Detector = (text) => (/\d/.test(text) ? matches(text, AMOUNT, 'amount') : []);

const AGES = [
  /\b(?<value>\d{1,3})[ -]?(?:years?|yrs?|y\/o|yo)(?:[ -]old\b|(?<=y\/o|yo)(?!\w))/gi,
  /\b(?:age|aged|ages|at the age of|turn(?:ed|s|ing)?|age is|age:)\s+(?:just )?(?<value>\d{1,3})(?![\d/.:%-]|\s*(?:%|st|nd|rd|th)\b)/gi,
  /\b(?:(?:when|while|since) (?:he|she|they|i) (?:was|were)|(?:i am|i'm|he is|she is|he's|she's)) (?<value>\d{1,3})(?=[.,;!?)]|\s*$| years)/gi,
  /\b(?:son|daughter|wife|husband|brother|sister|mother|father|mom|mum|dad|boy|girl|kid|child|baby|friend|patient|man|woman|he|she|who|i)(?:'s| is|'m| am| was| will be| turned| just turned| will turn| becomes) (?:now |only |just |almost |nearly |about |already |going to be )*(?<value>\d{1,3})(?![\d/.:%-]\d|[ -]?(?:%|st|nd|rd|th|am|pm|o'clock|minutes|miles|km|hours|days|feet|meters)\b)/gi,
  /\b(?:over|under|older than|younger than|above|below|reached|reaching) (?:the )?(?:age|ages) (?:of )?(?<value>\d{1,3})\b/gi,
  /\b(?<value>\d{1,3})(?:st|nd|rd|th) birthday\b/gi,
  /\b(?<value>\d{1,3}) years? of age\b/gi,
  // "Anna Berg, 42, of Oslo", "Anna Berg (42)"
  /\p{Lu}\p{L}+ \p{Lu}\p{L}+(?:, | \()(?<value>[1-9]\d)(?=, |\))/gu,
];

export const findAges: Detector = (text) =>
  /\d/.test(text) ? AGES.flatMap((pattern) => matches(text, pattern, 'age', (value) => Number(value) < 125)) : [];

const ZIP =
  /\b(?:zip(?: ?code)?|post(?:al)? ?code|postcode|plz)\b(?:[\s:#,?]+(?:is|was|be|should|it|that|to|my|the|new|old|user|number|of|now|changed|as|in|with|equals)\b){0,4}[\s:#,?]*(?<value>[A-Z]{0,2}-?\d{2,5}(?:[ -]\d{2,4})?(?: ?[A-Z]{2})?|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2})(?![\w-])/gi;
const UK_ZIP = /\b[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}\b/g;

/** Postal codes that are named so, or have the unmistakable British form. */
export const findZips: Detector = (text) => (/\d/.test(text) ? [...matches(text, ZIP, 'zip'), ...matches(text, UK_ZIP, 'zip')] : []);
