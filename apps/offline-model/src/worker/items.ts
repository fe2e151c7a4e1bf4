/** `--- item 7 MARK ---`: what begins each item of a call that folds several into one. */
const HEAD = /^--- items? \d+(?: to \d+)? (\w{8}) ---$/;

/** A text of several items as one text, without the lines that divide them; of items that are objects it is their texts. Other texts stay. */
export const withoutItemMarks = (text: string): string => {
  const mark = HEAD.exec(text.slice(0, text.indexOf('\n')))?.[1];
  if (mark === undefined) return text;
  const items: string[][] = [];
  for (const line of text.split('\n')) {
    if (HEAD.exec(line)?.[1] === mark) items.push([]);
    else items.at(-1)?.push(line);
  }
  return items.map((lines) => plainText(lines.join('\n'))).join('\n');
};

const plainText = (item: string): string => {
  if (!item.startsWith('{')) return item;
  try {
    return leavesOf(JSON.parse(item)).join('\n');
  } catch {
    return item;
  }
};

const leavesOf = (value: unknown): string[] => {
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(leavesOf);
  if (value === null) return [];
  return [typeof value === 'string' ? value : JSON.stringify(value)];
};
