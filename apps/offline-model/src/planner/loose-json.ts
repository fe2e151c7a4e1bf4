/**
 * The value of a JSON text; of one whose end was cut off, as much of it as can be told: what is open is closed, and a last
 * element that is not whole is left out. Undefined: no JSON at all.
 */
export const parseLoosely = (text: string): unknown => {
  const start = text.search(/[[{]/);
  if (start < 0) return undefined;
  const json = text.slice(start);
  const whole = parse(json);
  if (whole !== undefined) return whole;
  // Back to the last places at which an element ended, nearest to the cut first.
  const ends = placesOf(json).toReversed();
  for (const { at, open } of ends.slice(0, MOST_TRIES)) {
    const value = parse(json.slice(0, at) + open);
    if (value !== undefined) return value;
  }
  return undefined;
};

const MOST_TRIES = 50;

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
};

/** Places where a value has ended, each with the brackets that are open there. */
const placesOf = (json: string): { at: number; open: string }[] => {
  const places: { at: number; open: string }[] = [];
  const open: string[] = [];
  let quoted = false;
  for (let index = 0; index < json.length; index++) {
    const sign = json[index] as string;
    if (quoted) {
      if (sign === '\\') index++;
      else if (sign === '"') quoted = false;
      continue;
    }
    if (sign === '"') quoted = true;
    else if (sign === '{' || sign === '[') open.push(sign === '{' ? '}' : ']');
    else if (sign === '}' || sign === ']') {
      open.pop();
      places.push({ at: index + 1, open: open.toReversed().join('') });
      if (open.length === 0) return places;
    } else if (sign === ',') places.push({ at: index, open: open.toReversed().join('') });
  }
  return places;
};
