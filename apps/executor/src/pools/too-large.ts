import { type CrewMember } from '../members/members.repository.js';

/** Of the members of a pool no more than this share drain for their size at once: the others go on working meanwhile. */
const SHARE = 1 / 4;

/** Members that take up more than their limit and are to go now, the largest first; one may always go. */
export const tooLarge = (crew: readonly CrewMember[], limitMb: number): CrewMember[] => {
  const staying = crew.filter(({ state, leaving }) => state === 'running' && leaving === null);
  const large = staying.filter(({ residentMb }) => residentMb > limitMb).sort((a, b) => b.residentMb - a.residentMb);
  const atOnce = Math.max(1, Math.floor(crew.length * SHARE));
  return large.slice(0, Math.max(0, atOnce - (crew.length - staying.length)));
};
