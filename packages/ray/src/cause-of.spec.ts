import { causeOf } from './cause-of.js';

describe('causeOf', () => {
  it.each([
    ['plain words', 'No such job', 'No such job'],
    ['nothing', '  \n', 'no reason was given'],
    [
      'a stack trace',
      'Traceback (most recent call last):\n  File "a.py", line 3, in f\n    g()\n    ^^^\nModuleNotFoundError: No module named \'nats\'\n',
      "ModuleNotFoundError: No module named 'nats'",
    ],
    [
      'one stack trace under another',
      'Traceback (most recent call last):\n  File "a.py", line 3\nKeyError: 1\n\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n  File "b.py", line 4\nray.exceptions.RayError: it is gone\n',
      'ray.exceptions.RayError: it is gone',
    ],
    [
      'a complaint of the command ray',
      '2026-01-01 10:00:00,000\tPANIC scripts.py:886 -- \u001b[1m--labels=zone=-\u001b[22m is no label\nError: `{}` is no label',
      '--labels=zone=- is no label',
    ],
    ['what a program printed before it failed', 'starting\nSystemExit: 2', 'SystemExit: 2'],
  ])('should find the cause in %s', (_, text, cause) => {
    expect(causeOf(text)).toBe(cause);
  });
});
