import { type Detector, matches } from './span.js';

/** Groups of digits with the separators that phone numbers have, and an extension. */
const CANDIDATE =
  /(?<![\w@#./-]|\d[ ,])(?:\+|00)?(?:\(\d{1,5}\)[ .-]?|\d)(?:[ .-]?\(\d{1,4}\)[ .-]?|[ .-]?\d){5,16}(?:\s?(?:x|ext\.?|extension)\s?\d{1,6})?(?![\w/]|[.,]\d|-\d)/gi;
const PHONE_WORDS =
  /\b(?:phone|tel|telephone|mobile|cell|call(?:ed|ing)?|fax|desk|office|reach|ring|text|sms|whatsapp|number|contact|answering at|messages to|me (?:on|at))\b[^\n]{0,24}$/i;
/** Words that say that a number is something else. */
const OTHER_WORDS =
  /\b(?:card|account|iban|ssn|security|zip|postal|order|invoice|license|licence|passport|id|ref(?:erence)?|ticket|case|box|psc|unit|suite|apt|cc)\b[^\n]{0,12}$/i;
const AFTER_WORDS = /^[\s-]*(?:office|fax|mobile|home|work|cell|desk|direct)\b/i;

/** 7 to 15 digits in the form of a phone number, or of any form with a word beside them that says so. */
const isPhone = (value: string, text: string, at: number): boolean => {
  const body = value.replace(/(?:x|ext\.?|extension)\s?\d+$/i, '').trim();
  const digits = body.replace(/\D/g, '').length;
  const before = text.slice(Math.max(0, at - 48), at);
  const said =
    PHONE_WORDS.test(before) ||
    AFTER_WORDS.test(text.slice(at + value.length, at + value.length + 12)) ||
    /^\s*(?:phone|tel|mobile|fax)[^\n]*\n\s*$/im.test(before);
  if (digits < 6 || digits > 15 || (!said && OTHER_WORDS.test(before))) return false;
  if (value.startsWith('+') || /^00\d/.test(value)) return digits >= 8;
  if (/^(?:19|20)\d{2}[-./]\d{1,2}[-./]\d{1,2}$/.test(body) || /^\d{1,2}[./-]\d{1,2}[./-]\d{2,4}$/.test(body)) return false;
  const groups = body.split(/[\s.()-]+/).filter(Boolean);
  if (groups.length === 1) return said || (digits >= 9 && digits <= 11 && body.startsWith('0'));
  if (groups.some((group) => group.length > 8) || (body.includes('.') && groups.length === 2)) return false;
  // Two groups with nothing but a space between them are as often a house number after a postal code.
  if (groups.length === 2 && /^[\d ]+$/.test(body)) return said;
  return said || digits >= 7;
};

export const findPhones: Detector = (text) =>
  /\d{2}/.test(text) ? matches(text, CANDIDATE, 'phone', (value, match) => isPhone(value, text, match.index)) : [];
