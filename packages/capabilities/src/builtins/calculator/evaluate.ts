import { excerpt, PermanentError } from '@apwa/contracts';

/** Values by name. */
export type Variables = ReadonlyMap<string, number>;

const FUNCTIONS: ReadonlyMap<string, (...given: number[]) => number> = new Map(
  Object.entries({
    abs: Math.abs,
    ceil: Math.ceil,
    cos: Math.cos,
    exp: Math.exp,
    floor: Math.floor,
    ln: Math.log,
    log10: Math.log10,
    log2: Math.log2,
    max: Math.max,
    min: Math.min,
    round: (value: number, digits = 0) => Math.round(value * 10 ** digits) / 10 ** digits,
    sign: Math.sign,
    sin: Math.sin,
    sqrt: Math.sqrt,
    tan: Math.tan,
    trunc: Math.trunc,
  }),
);
const CONSTANTS: Variables = new Map([
  ['pi', Math.PI],
  ['e', Math.E],
]);
/** Of parentheses and signs within each other. */
const MOST_DEPTH = 100;

const TOKEN = /\s*(?:(\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|([A-Za-z_]\w*)|(\*\*|[-+*/%^(),]))/y;

type Token = { kind: 'number'; value: number } | { kind: 'name' | 'sign'; text: string };

const tokensOf = (text: string): Token[] => {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  const end = text.trimEnd().length;
  while (TOKEN.lastIndex < end) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (!match) throw wrong(`${excerpt(text.slice(at).trim(), 20)} can't stand in it`);
    const [, number, name, sign] = match;
    if (number !== undefined) tokens.push({ kind: 'number', value: Number(number) });
    else if (name !== undefined) tokens.push({ kind: 'name', text: name });
    else tokens.push({ kind: 'sign', text: sign === '**' ? '^' : (sign as string) });
  }
  return tokens;
};

/** How strongly a sign binds what stands beside it. */
const STRENGTH: Readonly<Record<string, number>> = { '+': 1, '-': 1, '*': 2, '/': 2, '%': 2, '^': 4 };
const OF_A_SIGN = 3;

const wrong = (message: string): PermanentError => new PermanentError('invalid_arguments', `The expression is none: ${message}.`);

/** The value of an arithmetic expression. PermanentError `invalid_arguments`. */
export const evaluate = (expression: string, variables: Variables): number => {
  const tokens = tokensOf(expression);
  let at = 0;
  const sign = (): string | null => {
    const token = tokens[at];
    return token?.kind === 'sign' ? token.text : null;
  };
  const expect = (text: string): void => {
    if (sign() !== text) throw wrong(`${text} is missing`);
    at++;
  };

  const operand = (depth: number): number => {
    const token = tokens[at++];
    if (depth > MOST_DEPTH) throw wrong(`it is nested more than ${MOST_DEPTH} deep`);
    if (!token) throw wrong('it ends too early');
    if (token.kind === 'number') return token.value;
    if (token.kind === 'name') return named(token.text, depth);
    switch (token.text) {
      case '(': {
        const value = from(0, depth + 1);
        expect(')');
        return value;
      }
      case '-':
        return -from(OF_A_SIGN, depth + 1);
      case '+':
        return from(OF_A_SIGN, depth + 1);
      default:
        throw wrong(`${token.text} stands where a value should`);
    }
  };

  const named = (name: string, depth: number): number => {
    if (sign() === '(') {
      const called = FUNCTIONS.get(name);
      if (!called) throw wrong(`there is no function ${name}, but ${[...FUNCTIONS.keys()].join(', ')}`);
      at++;
      const given: number[] = [];
      do given.push(from(0, depth + 1));
      while (sign() === ',' && at++ >= 0);
      expect(')');
      return called(...given);
    }
    const value = variables.get(name) ?? CONSTANTS.get(name);
    if (value === undefined) throw wrong(`nothing is said of ${name}`);
    return value;
  };

  const from = (strength: number, depth: number): number => {
    let left = operand(depth);
    for (;;) {
      const next = sign();
      const own = next === null ? undefined : STRENGTH[next];
      if (own === undefined || own < strength) return left;
      at++;
      // Powers are taken from the right.
      const right = from(next === '^' ? own : own + 1, depth + 1);
      left = applied(next as string, left, right);
    }
  };

  const value = from(0, 0);
  if (at < tokens.length) throw wrong('it goes on where it should end');
  return value;
};

const applied = (sign: string, left: number, right: number): number => {
  switch (sign) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return left / right;
    case '%':
      return left % right;
    default:
      return left ** right;
  }
};
