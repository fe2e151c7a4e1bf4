import { type Claimant, shareOf, type ShareOfWork } from './share-of-work.js';

const free: Claimant = { attempts: 0, alone: false, freeSlots: 64, slots: 64 };
const busy: Claimant = { attempts: 2, alone: false, freeSlots: 32, slots: 64 };

describe('shareOf', () => {
  it.each<[string, Claimant, boolean, boolean, ShareOfWork]>([
    ['a free member', free, false, false, 'ordinary'],
    ['a busy member', busy, false, false, 'ordinary'],
    ['a member at a suspect', { ...busy, attempts: 1, alone: true, freeSlots: 48 }, false, false, 'nothing'],
    ['a member at a suspect while others wait', { ...busy, attempts: 1, alone: true, freeSlots: 48 }, true, false, 'nothing'],
    ['a free member while suspects wait', free, true, true, 'suspects'],
    ['a free member while suspects wait, though another is to be emptied', free, true, false, 'suspects'],
    ['a busy member while suspects wait', busy, true, false, 'ordinary'],
    ['the member that is to be emptied for them', busy, true, true, 'nothing'],
    ['a member with an attempt that needs no slot any more', { ...free, attempts: 1 }, true, false, 'ordinary'],
    ['a member that has not let go of what the ledger took back', { ...free, freeSlots: 63 }, true, true, 'nothing'],
  ])('should give its share to %s', (_, claimant, suspects, emptying, share) => expect(shareOf(claimant, suspects, emptying)).toBe(share));
});
