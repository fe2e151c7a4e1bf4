/** Words that are looked for, in lower case, each once. */
export const wordsOf = (query = ''): string[] => [
  ...new Set(
    query
      .toLowerCase()
      .split(/[^\p{L}\p{N}]+/u)
      .filter(Boolean),
  ),
];

/** Without the short ones, which stand in every sentence; all of them where there are no others. */
export const tellingWords = (words: readonly string[]): string[] => {
  const long = words.filter((word) => word.length > 2);
  return long.length > 0 ? long : [...words];
};

/** How many of the words stand in name or description; as `capabilities.repository.ts` has it in SQL. */
export const hitsOf = (words: readonly string[], { name, description }: { name: string; description: string }): number => {
  const text = `${name} ${description}`.toLowerCase();
  return words.filter((word) => text.includes(word)).length;
};
