/** Remembers the results for the last texts: what stands in the static part of prompts is the same for thousands of rows. */
export const remember = <T>(compute: (text: string) => T, most = 64): ((text: string) => T) => {
  const results = new Map<string, T>();
  return (text) => {
    const known = results.get(text);
    if (known !== undefined || results.has(text)) return known as T;
    const result = compute(text);
    if (results.size >= most) results.delete(results.keys().next().value as string);
    results.set(text, result);
    return result;
  };
};
