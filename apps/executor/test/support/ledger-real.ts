import { type MapWork, type Part } from '@apwa/contracts';
import { type LedgerBench } from './ledger-bench.js';
import { type LedgerWatch } from './ledger-rows.js';

export interface Submission {
  stageId: string;
  ownerId: string;
  work: MapWork;
  resources: Record<string, never>;
  weight: number;
  maxInFlight: number | undefined;
  followed: boolean;
}

/** One run's real side. */
export interface Real {
  bench: LedgerBench;
  watch: LedgerWatch;
  owners: readonly string[];
  submissions: Map<string, Submission>;
  /** What won attempts have committed. */
  parts: Map<string, Part>;
  /** How often leases were let run out: those that did later are younger. */
  lapses: number;
}
