import { stripVTControlCharacters } from 'node:util';
import { excerpt } from '@apwa/contracts';

const MAX_CHARACTERS = 400;
/** Lines that say where, and not what. */
const FRAME = /^(Traceback |File "|\^+$|~*\^|During handling|The above exception|at )/;

/** Of what Ray or a Python program printed, the line that says what went wrong: of a stack trace its last exception. */
export const causeOf = (text: string): string => {
  const lines = stripVTControlCharacters(text)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !FRAME.test(line));
  // Of the command `ray`: what follows it is said of its own text.
  const panic = lines.map((line) => /\bPANIC \S+ -- (.+)/.exec(line)?.[1]).find((said) => said !== undefined);
  const exceptions = lines.filter((line) => /^[\w.]*(Error|Exception|Exit|Interrupt)\b\s*(:|$)/.test(line));
  return excerpt(panic ?? exceptions.at(-1) ?? lines.at(-1) ?? 'no reason was given', MAX_CHARACTERS);
};
