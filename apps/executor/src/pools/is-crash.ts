import { type MemberDeath } from './pool-backend.js';

/**
 * Whether a member died by a fault of its own, or by a signal that nobody of ours sent: then what it held is under suspicion. One that
 * was told to stop is not, nor one that ended in order, which exits with code 0, nor one that never ran or went with its node.
 */
export const isCrash = ({ end, asked }: Pick<MemberDeath, 'end' | 'asked'>): boolean => {
  switch (end.kind) {
    case 'exited':
      return !asked && end.code !== 0;
    case 'killed':
      return !asked;
    case 'not_started':
    case 'lost':
      return false;
  }
};
