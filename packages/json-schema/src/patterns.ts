import { RE2JS } from 're2js';

export interface Pattern {
  test(text: string): boolean;
}

/**
 * A regular expression that takes time linear in the text, whatever it is: a backtracking engine can be made to run for
 * ever by a pattern of ten characters. The price: no look-around and no back-references. Throws on those, and on what is no pattern.
 */
export const compilePattern = (source: string): Pattern => {
  const pattern = RE2JS.compile(RE2JS.translateRegExp(source));
  return { test: (text) => pattern.matcher(text).find() };
};
