import { wordsOf } from './text.js';

/** The commonest words of languages, by their ISO 639-1 codes. */
const WORDS: Readonly<Record<string, readonly [string, string]>> = {
  en: ['English', 'the and is of to in that it for was with you this are have not my i on but please what'],
  de: ['German', 'der die das und ist nicht ich zu mit sie ein eine den auf es im von wir haben bitte war für'],
  fr: ['French', 'le la les et est un une des que je vous dans pour pas qui sur avec il nous mais très au'],
  es: ['Spanish', 'el la los y es un una de que en por con no para se lo mi muy las del pero como'],
  pt: ['Portuguese', 'o a os e um uma de que em por com não para se eu muito da do as mas como você'],
  it: ['Italian', 'il la e di che un una per non sono con mi è del della le i questo ma come molto gli'],
  nl: ['Dutch', 'de het een en van is niet ik dat te op met voor zijn je maar wij heb aan er'],
  sv: ['Swedish', 'och att det är jag en som inte på för med den av har till mycket om men vi'],
  da: ['Danish', 'og det er jeg ikke en som på for med den af har til meget om men vi at'],
  fi: ['Finnish', 'ja on ei se että en olen mutta kuin hän minä ovat oli niin tämä sen'],
  pl: ['Polish', 'i w nie na się jest z to do że jak ale po co mam za od bardzo'],
  cs: ['Czech', 'a je se v na to že s ne z do jsem ale jak po pro tak by'],
  hu: ['Hungarian', 'a az és nem hogy egy is van ez de meg csak volt már mint'],
};

/** Unambiguous alphabets. */
const SCRIPTS: readonly [RegExp, string, string][] = [
  [/\p{Script=Hiragana}|\p{Script=Katakana}/u, 'ja', 'Japanese'],
  [/\p{Script=Han}/u, 'zh', 'Chinese'],
  [/\p{Script=Hangul}/u, 'ko', 'Korean'],
  [/\p{Script=Cyrillic}/u, 'ru', 'Russian'],
  [/\p{Script=Greek}/u, 'el', 'Greek'],
  [/\p{Script=Arabic}/u, 'ar', 'Arabic'],
  [/\p{Script=Hebrew}/u, 'he', 'Hebrew'],
  [/\p{Script=Devanagari}/u, 'hi', 'Hindi'],
];

const sets = Object.entries(WORDS).map(([code, [name, words]]) => ({ code, name, words: new Set(words.split(' ')) }));

/** The language of a text by its commonest words, as a name or an ISO 639-1 code. English where nothing says otherwise. */
export const languageOf = (text: string, asCode = false): string => {
  const start = text.slice(0, 2_000);
  const letters = start.match(/\p{L}/gu)?.length ?? 0;
  const script = SCRIPTS.find(([pattern]) => (start.match(new RegExp(pattern, 'gu'))?.length ?? 0) > letters / 3);
  if (script) return asCode ? script[1] : script[2];
  const words = [...wordsOf(start), ...start.toLowerCase().split(/[^\p{L}]+/u)];
  let best = { code: 'en', name: 'English', n: 0 };
  for (const { code, name, words: common } of sets) {
    const n = words.filter((word) => common.has(word)).length;
    if (n > best.n) best = { code, name, n };
  }
  return asCode ? best.code : best.name;
};
