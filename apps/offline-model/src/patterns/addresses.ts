import { type Detector, matches, type Span } from './span.js';

/** The street words of English-speaking post offices, and those of other languages that stand alone or at a word's end. */
const STREET_AFTER =
  'Street|St|Str|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Way|Court|Ct|Place|Pl|Boulevard|Blvd|Terrace|Ter|Square|Sq|Close|Crescent|Cres|Parkway|Pkwy|Highway|Hwy|Circle|Cir|Trail|Trl|Plaza|Row|Hill|Hills|Gardens|Grove|Mews|Walk|Quay|Rise|Alley|Esplanade|Gate|Gateway|Bypass|Turnpike|Radial|Loop|Ridge|Ridges|Rapids?|Coves?|Creek|Crossing|Crossroads?|Curve|Dale|Divide|Estates?|Expressway|Extension|Falls|Ferry|Fields?|Flats?|Fords?|Forest|Forge|Forks?|Fort|Freeway|Glens?|Greens?|Groves|Harbors?|Haven|Heights|Hollow|Inlet|Islands?|Isle|Junctions?|Keys?|Knolls?|Lakes?|Landing|Lights?|Locks?|Lodge|Mall|Manors?|Meadows?|Mills?|Mission|Motorway|Mountains?|Neck|Orchard|Oval|Overpass|Parks?|Parkways|Pass|Passage|Path|Pike|Pines?|Plains?|Points?|Ports?|Prairie|Ramp|Ranch|Rest|River|Roads|Route|Run|Shoals?|Shores?|Skyway|Springs?|Spurs?|Squares|Stravenue|Stream|Streets|Summit|Throughway|Trace|Track|Trafficway|Tunnel|Underpass|Unions?|Valleys?|Viaduct|Views?|Villages?|Ville|Vista|Walks|Wall|Ways|Wells?|Branch|Bridge|Brooks?|Burgs?|Camp|Canyon|Cape|Causeway|Centers?|Circles|Cliffs?|Club|Common|Corner|Corners|Course|Bend|Bluffs?|Bottom|Beach|Bayou|Annex|Arcade|utca|út|útja|tér|körút|rkp|krt|u|sokak|caddesi|tänav|tee|mnt|cesta|ulica|trg|nábřeží|náměstí|stræde|gade|gata|gate|vei|veg|väg';
const STREET_ENDING =
  '(?:stra(?:ß|ss)e|str|gasse|weg|allee|platz|ufer|damm|gat[ae]n?|vägen|väg|vegen|veien|vei|veg|vej|vejen|gaden?|stræde|alléen|allé|toften|bakken|krogen?|haven|vangen|parken|straat|laan|plein|gracht|dijk|kade|hof|hove|singel|katu|tie|kuja|polku|rinne|raitti|penger|aukio|stræti|vegur|braut|gata|tänav|stien|svingen|löftet|gränd|backen|stigen)';
const STREET_BEFORE =
  'Rue|Avenue|Av|Avda|Ave|Boulevard|Bd|Chemin|Allée|Impasse|Quai|Cité|Route|Via|Viale|Vicolo|Piazza|Piazzale|Corso|Largo|Calle|Plaza|Paseo|Camino|Ctra|Carretera|Carrer|Rúa|Rua|Avenida|Travessa|Praça|Estrada|ul|ulica|Aleja|al|os|Plac|Strada|Bulevardul|Trg|Ulice|Náměstí|Na|Am|An der|Auf der|Im|Unter den';
const W = "\\p{Lu}[\\p{L}\\p{M}'’-]*";
const LINK = '(?:de|des|du|da|do|dos|das|del|della|dei|di|la|le|les|el|los|las|von|van|der|den|the|of|y|e|i|in|na|pod|und|Sv\\.)';
const NUMBER = '\\d{1,5}(?:[a-zA-Z](?![\\p{L}])|[-/]\\d{1,4})?';
const NAME = `${W}\\.?(?: (?:${LINK} )?${W}\\.?){0,4}`;
const UNIT = '(?:Apt|Apartment|Suite|Ste|Unit|Flat|Floor|Room|Rm|Box|Apto|Appt)\\.? ?#?\\d+[A-Za-z]?';
const UNIT_AFTER = `(?:,?\\s{1,5}${UNIT})?`;

const STREETS = [
  `(?:${NUMBER},? ){0,2}${W}\\.?(?: ${W}\\.?){0,3}? (?:${STREET_AFTER})\\b\\.?(?: ${NUMBER}\\.?)?`,
  `(?:${NUMBER},? ){0,2}(?:${W} ){0,2}[\\p{L}'-]{2,}${STREET_ENDING}(?!\\p{L})\\.? ${NUMBER}`,
  `(?:${NUMBER},? ){1,2}(?:${W} ){0,2}[\\p{L}'-]{2,}${STREET_ENDING}(?!\\p{L})`,
  `(?:${NUMBER},? ){0,2}(?:${STREET_BEFORE})\\.? (?:${LINK} |l'|d'){0,2}${NAME}(?:,? ${NUMBER}(?![\\d:]))?`,
  `(?:${NUMBER} ){1,2}${NAME},? ${NUMBER}(?!\\d)`,
];
const STREET = new RegExp(`(?<![\\p{L}\\d.,:/-])(?:${STREETS.join('|')})${UNIT_AFTER}(?![\\p{L}\\d])`, 'gu');
const LONE_UNIT = new RegExp(`\\b${UNIT}\\b`, 'g');
const MILITARY = /\b(?:(?:PSC|Unit|CMR) \d+,? Box \d+|US[A-Z]{1,3} [A-Z]\p{L}+)\s+(?:APO|DPO|FPO),? A[AEP],? \d{5}\b/gu;
const PO_BOX = /\b(?:P\.? ?O\.? Box|Postfach|Box) \d+\b/gi;

/** Words after which the rest of a sentence is an address, if it has a number or names a corner. */
const CUE =
  /\b(?:(?:my|your|the|his|her|our|their|new|home|billing|postal|mailing|delivery|primary|secondary)?\s*address(?:es)?(?: (?:is|to|of [^\n]{2,40} is|was|with|to the same|for [^\n]{2,20} is))?\s*(?:[:?])?|(?:lives?|lived|living|located|meet(?: (?:me|you|us))?|office|offices are located|restaurant is|is) (?:at|on)|(?:live|lived|living|located|it's|its|is) in|(?:sent|send|deliver|delivered|ship|shipped|statement sent|return|moved|taxi|a new one|it) to|(?:arrived|stop|you off|staying|meet) at|here they are:|in the following\?|the following\?|address to|where[^?\n]{0,50}\?\s*user:|station is on|(?:north|south|east|west) side of|stop at|now live in|enter on)\s+/gi;
/** Words that an address does not go on with. */
const STOP =
  /(?:[?!"]|\.(?=\s+(?:It|I|We|They|Please|The|She|He|Thanks|Do|Can|Could)\b)|\.?\s*$|\.?\n\s*\n|\s+(?=(?:for|in case|after|last|this|when|where|if|because|please|is|was|i'm|i am|i now|we|and i|so|before|until|as|street in)\b)|,\s+(?=(?:and|but|which|please|where)\b))/gi;
const MOST = 130;

const afterCue = (text: string): Span[] => {
  const spans: Span[] = [];
  for (const cue of text.matchAll(CUE)) {
    const start = cue.index + cue[0].length;
    const window = text.slice(start, start + MOST);
    STOP.lastIndex = 3;
    const stop = STOP.exec(window);
    const value = window.slice(0, stop?.index ?? window.length).trimEnd();
    const head = value.slice(0, 60);
    const corner = /^the corner of\b/i.test(value);
    if (value.length < 5 || value.split('\n').length > 6 || (!corner && !/\p{L}{3}/u.test(value))) continue;
    if (!corner && !/^(?:\d|\p{Lu}|c\.)/u.test(value) && !/^\p{L}+(?: \p{L}+)? \d/u.test(value)) continue;
    if (!corner && !/\d/.test(head)) continue;
    if (/@|:\/\/|\b(?:19|20)\d\d-|%/.test(value) || /^(?:I|My|It|The|A|An)\b(?! corner)/.test(value)) continue;
    for (const part of splitList(value)) spans.push({ kind: 'address', start: start + part.at, end: start + part.at + part.length });
  }
  return spans;
};

/** "A, and B" are two addresses; "the corner of A and B" is one. */
const splitList = (value: string): { at: number; length: number }[] => {
  const separator = /,\s+and\s+(?=[\d\p{Lu}])/u.exec(value);
  if (!separator) return [{ at: 0, length: value.length }];
  const second = separator.index + separator[0].length;
  return [
    { at: 0, length: separator.index },
    { at: second, length: value.length - second },
  ];
};

/** Streets with numbers, units, boxes, and what a sentence calls an address; larger spans first. */
export const findAddresses: Detector = (text) => {
  const cued = /\d|corner of/.test(text) ? afterCue(text) : [];
  const plain = [
    ...matches(text, MILITARY, 'address'),
    ...matches(text, STREET, 'address', (value) => /\d/.test(value) && /\p{L}{3}/u.test(value)),
    ...matches(text, PO_BOX, 'address'),
    ...matches(text, LONE_UNIT, 'address'),
  ];
  return [...cued, ...plain];
};

const UNIT_LINE = String.raw`(?:[ \t]*,?[ \t]*\n[>? \t]*(?:Apt|Suite|Unit)\.? \d+|[ \t]+(?:Apt|Suite)\.? \d+)?`;
const WORDS = String.raw`\p{L}[\p{L}\p{M}' .-]{1,40}`;
const POSTCODE = String.raw`\d{3,6}(?:[ -]\d{2,4})?`;
const LINE = String.raw`[ \t]*\n[>? \t]*,?[ \t]*(?:(?:${POSTCODE}[ \t]+)?${WORDS}(?:[ \t]+${POSTCODE}(?!\d))?|${POSTCODE})(?=[ \t]*(?:\n|$))`;
const BLOCK = new RegExp(`^${UNIT_LINE}(?<lines>(?:${LINE}){1,4})`, 'u');

/** Lines that stand under a street line: town, region and country as places; their postal codes, unnamed, belong to the address. */
export const findPlaceLines = (text: string, addresses: readonly Span[]): Span[] =>
  addresses.flatMap(({ end }): Span[] => {
    const block = BLOCK.exec(text.slice(end, end + 160));
    const lines = block?.groups?.lines;
    if (!block || lines === undefined) return [];
    const from = end + block[0].length - lines.length;
    const spansOf = (pattern: RegExp, kind: 'place' | 'address') =>
      matches(lines, pattern, kind).map((span) => ({ kind, start: from + span.start, end: from + span.end }));
    return [...spansOf(/\p{L}[\p{L}\p{M}' .-]*\p{L}/gu, 'place'), ...spansOf(new RegExp(`(?<!\\d)${POSTCODE}(?!\\d)`, 'g'), 'address')];
  });
