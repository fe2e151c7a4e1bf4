import { crewMember } from '../../test/support/pools/crew-member.js';
import { type CrewMember } from '../members/members.repository.js';
import { tooLarge } from './too-large.js';

const member = (residentMb: number, rest: Partial<CrewMember> = {}): CrewMember => crewMember({ residentMb, ...rest });
const leaving = { leaving: 'too large' };
const eight = [10, 20, 110, 120, 130, 140, 150, 160].map((mb) => member(mb));

describe('tooLarge', () => {
  it.each<[string, CrewMember[], number[]]>([
    ['nobody below the limit', [member(99), member(100)], []],
    ['the one above it', [member(99), member(101)], [101]],
    ['the largest of a few', [member(101), member(300), member(200)], [300]],
    ['a quarter of many', eight, [160, 150]],
    ['nobody while one of a few is on its way out', [member(101), member(300, leaving), member(20)], []],
    ['nobody while one of a few drains for another reason', [member(101), member(300, { state: 'draining' })], []],
    ['as many as complete the quarter', [...eight.slice(1), member(170, leaving)], [160]],
  ])('should be %s', (_what, crew, large) => expect(tooLarge(crew, 100).map(({ residentMb }) => residentMb)).toEqual(large));
});
