import { type Fault, MAX_PLAN_BYTES, Plan, PlanCapability, Step } from '@apwa/contracts';
import { faultsOf } from '../shapes/faults.js';

/** A step that has the shape of one, with its place in the document. */
export interface PlacedStep {
  index: number;
  step: Step;
}

/** What has the shape of a capability, or of the name of one, with its place in the document. */
export interface PlacedItem {
  index: number;
  item: PlanCapability;
}

/** As much of a plan as can be read, so that the checks that follow find what is wrong with the rest of it in the same go. */
export interface ReadPlan {
  /** Null unless the whole document has the shape of a plan. */
  plan: Plan | null;
  steps: PlacedStep[];
  capabilities: PlacedItem[];
  /** Names as they stand in `outputs`. */
  outputs: string[];
  faults: Fault[];
}

/** Reads a document as a plan: its size, and the shape of each of its parts. */
export const readPlan = (document: unknown): ReadPlan => {
  const bytes = Buffer.byteLength(JSON.stringify(document) ?? '');
  if (bytes > MAX_PLAN_BYTES) {
    const fault = { field: 'plan', message: `is ${bytes} bytes of JSON`, allowed: `${MAX_PLAN_BYTES} bytes at most` };
    return { plan: null, steps: [], capabilities: [], outputs: [], faults: [fault] };
  }
  const whole = Plan.safeParse(document);
  if (whole.success) {
    const steps = whole.data.steps.map((step, index) => ({ index, step }));
    const capabilities = (whole.data.capabilities ?? []).map((item, index) => ({ index, item }));
    return { plan: whole.data, steps, capabilities, outputs: whole.data.outputs, faults: [] };
  }
  const raw = isObject(document) ? document : {};
  const steps = (Array.isArray(raw.steps) ? raw.steps : []).flatMap((item: unknown, index): PlacedStep[] => {
    const parsed = Step.safeParse(item);
    return parsed.success ? [{ index, step: parsed.data }] : [];
  });
  const capabilities = (Array.isArray(raw.capabilities) ? raw.capabilities : []).flatMap((item: unknown, index): PlacedItem[] => {
    const parsed = PlanCapability.safeParse(item);
    return parsed.success ? [{ index, item: parsed.data }] : [];
  });
  const outputs = (Array.isArray(raw.outputs) ? raw.outputs : []).filter((item) => typeof item === 'string');
  return { plan: null, steps, capabilities, outputs, faults: faultsOf(whole.error, document, Plan, 'plan') };
};

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
