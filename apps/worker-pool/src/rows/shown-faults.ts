import { type Fault } from '@apwa/contracts';

/** Faults that stand in a row's message. */
const FAULTS_SHOWN = 3;

export const shownFaults = (faults: readonly Fault[]): string =>
  faults
    .slice(0, FAULTS_SHOWN)
    .map(({ field, message }) => `${field}: ${message}`)
    .join('; ');
