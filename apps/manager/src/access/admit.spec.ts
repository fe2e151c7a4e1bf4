import { type Caller, refusalOf } from './admit.js';
import { type Need } from './needs.js';

const caller = (scope: Caller['scope']): Caller => ({ bucket: 'key x', scope });

it.each<[Need | undefined, Caller | undefined, string | null]>([
  ['open', undefined, null],
  ['open', caller('read'), null],
  ['read', caller('read'), null],
  ['read', caller('run'), null],
  ['read', caller('admin'), null],
  ['run', caller('read'), 'scope_too_small'],
  ['run', caller('run'), null],
  ['run', caller('admin'), null],
  ['admin', caller('read'), 'scope_too_small'],
  ['admin', caller('run'), 'scope_too_small'],
  ['admin', caller('admin'), null],
  // Mistakes of ours let nobody in.
  ['read', undefined, 'no_caller'],
  [undefined, caller('admin'), 'no_scope'],
  [undefined, undefined, 'no_scope'],
])('what needs %s, asked for by %j: %s', (need, who, code) => {
  expect(refusalOf(need, who)?.code ?? null).toBe(code);
});

it('should name the scope that is needed, and the one that is there', () => {
  expect(refusalOf('run', caller('read'))?.toPayload()).toMatchObject({
    class: 'refused',
    message: 'This needs a key of the scope run, and the scope of this key is read.',
    value: 'read',
    allowed: 'a key of the scope run or more',
  });
});
