import { type CapabilityRegistry } from '@apwa/capabilities';
import { type Column, type Fault } from '@apwa/contracts';

/** What a template is checked against. `columns` of its input: null where they are not known, because the step before is faulty. */
export interface TemplateContext {
  field: string;
  columns: Column[] | null;
  /** Those of them whose values whoever wrote the plan has written. */
  written: readonly string[];
  models: readonly string[];
  capabilities: CapabilityRegistry;
}

/** What is wrong with a template, and the columns that it adds; null where that cannot be said. */
export interface CheckedTemplate {
  faults: Fault[];
  added: Column[] | null;
}
