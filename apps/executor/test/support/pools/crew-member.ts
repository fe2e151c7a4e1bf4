import { type CrewMember } from '../../../src/members/members.repository.js';

/** A member of ten slots that has nothing to do. */
export const crewMember = (rest: Partial<CrewMember> = {}): CrewMember => ({
  id: 'mbr_a',
  pool: 'p',
  instance: null,
  state: 'running',
  leaving: null,
  slotsTotal: 10,
  slotsFree: 10,
  residentMb: 100,
  questions: 0,
  held: 0,
  ...rest,
});
