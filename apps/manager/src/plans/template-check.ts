import { type CapabilityRegistry } from '@apwa/capabilities';
import { type Column, type Fault } from '@apwa/contracts';
import { type WrittenTable } from './plan-rows.js';

/** What a template is checked against. `columns` of its input: null where they are not known, because the step before is faulty. */
export interface TemplateContext {
  field: string;
  columns: Column[] | null;
  /** Where whoever wrote the plan has written values of them. */
  written: WrittenTable | null;
  models: readonly string[];
  capabilities: CapabilityRegistry;
}

/** What is wrong with a template, and the columns that it adds; null where that cannot be said. */
export interface CheckedTemplate {
  faults: Fault[];
  added: Column[] | null;
}
