import { type Detector, matches } from './span.js';

/** Patterns of things that machines write: they need no context. */

export const findEmails: Detector = (text) =>
  text.includes('@') ? matches(text, /[\p{L}\d][\p{L}\d._%+'-]*@[\p{L}\d](?:[\p{L}\d.-]*[\p{L}\d])?\.\p{L}{2,24}\b/gu, 'email') : [];

const TOP_LEVEL =
  'com|org|net|edu|gov|info|io|co|uk|de|fr|it|es|pt|nl|be|ch|at|se|no|fi|dk|is|pl|cz|sk|si|hr|hu|ro|bg|gr|ee|lv|lt|eu|us|ca|br|mx|ar|uy|cl|au|nz|jp|cn|in|ru|ua|za|tn|cy|gl|app|dev|biz|me|tv';
const BARE_DOMAIN = new RegExp(
  `(?<![@\\w.])(?:www\\.)?(?:[a-z\\d](?:[a-z\\d-]*[a-z\\d])?\\.)+(?:${TOP_LEVEL})(?![\\w@])(?:\\/[^\\s<>"')\\]]*)?`,
  'gi',
);

export const findUrls: Detector = (text) => [
  ...(text.includes('://') ? matches(text, /\b(?:https?|ftp):\/\/[^\s<>"'`{}|\\^]+?(?=[.,;:!?)\]]*(?:[\s<>"'`]|$))/gi, 'url') : []),
  ...(text.includes('.') ? matches(text, BARE_DOMAIN, 'url') : []),
];

const OCTET = '(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)';
const IPV4 = new RegExp(`(?<![\\d.])(?:${OCTET}\\.){3}${OCTET}(?![\\d]|\\.\\d)`, 'g');
const IPV6 = /(?<![\w:])(?:[0-9a-f]{1,4}:){2,7}(?::?[0-9a-f]{1,4}){1,6}(?![\w:])|(?<![\w:])(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}(?![\w:])/gi;

export const findIps: Detector = (text) => [
  ...matches(text, IPV4, 'ip'),
  ...(text.includes(':') ? matches(text, IPV6, 'ip', (value) => value.includes('::') || value.split(':').length === 8) : []),
];
