/** Openings that are tried in a text before it counts as holding no JSON. */
const MAX_TRIES = 20;
const FENCE = /```[a-zA-Z0-9_-]*\s*\n?([\s\S]*?)```/g;

type Found = { value: unknown } | undefined;

const parse = (text: string): Found => {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
};

/** The end of the object or list that opens at `start`; undefined if it does not close. */
const closingOf = (text: string, start: number): number | undefined => {
  let depth = 0;
  let inText = false;
  for (let index = start; index < text.length; index++) {
    const character = text[index];
    if (inText) {
      if (character === '\\') index++;
      else if (character === '"') inText = false;
    } else if (character === '"') inText = true;
    else if (character === '{' || character === '[') depth++;
    else if ((character === '}' || character === ']') && --depth === 0) return index + 1;
  }
  return undefined;
};

const findInside = (text: string): Found => {
  const openings = /[{[]/g;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const match = openings.exec(text);
    if (!match) return undefined;
    const end = closingOf(text, match.index);
    const found = end === undefined ? undefined : parse(text.slice(match.index, end));
    if (found) return found;
  }
  return undefined;
};

/** Takes the JSON value out of what a model wrote: the text itself, a fenced block, or the first object or list within prose. */
export const jsonIn = (written: string): Found => {
  const thoughtEnd = written.trimStart().startsWith('<think>') ? written.indexOf('</think>') : -1;
  const text = (thoughtEnd < 0 ? written : written.slice(thoughtEnd + '</think>'.length)).trim();
  const whole = parse(text);
  if (whole) return whole;
  let tries = 0;
  for (const [, block = ''] of text.matchAll(FENCE)) {
    const found = parse(block.trim());
    if (found) return found;
    if (++tries >= MAX_TRIES) break;
  }
  return findInside(text);
};
