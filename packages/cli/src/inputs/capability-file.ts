import { type AddCapabilityRequest, CapabilityName, excerpt, type Fault, RefusedError } from '@apwa/contracts';
import { readDocument } from './plan-file.js';
import { isObject, withSource } from '@apwa/config';

const ALLOWED = 'a capability as a plan brings it, with kind, name, description, input and output, and examples if there are any';

/** What a YAML or JSON file registers. That it is a capability is for the manager to say. RefusedError naming the file if it is no object. */
export const readCapabilityFile = async (path: string): Promise<AddCapabilityRequest> => {
  const document = await withSource(await readDocument('FILE', path, ALLOWED), path);
  if (!isObject(document))
    throw new RefusedError('bad_input', `${path} holds no capability.`, { field: 'FILE', value: excerpt(document), allowed: ALLOWED });
  const { examples, ...definition } = document;
  return { definition, ...(examples === undefined ? {} : { examples }) } as unknown as AddCapabilityRequest;
};

/** A refusal of the manager in words of the file: there the definition has nothing around it. */
export const asOfFile = (thrown: unknown, path: string): unknown => {
  if (!(thrown instanceof RefusedError)) return thrown;
  const { field, faults, ...details } = thrown.details;
  if (!isOfFile(field)) return thrown;
  return new RefusedError(thrown.code, `${path}: ${inFile(thrown.message)}`, {
    ...details,
    field: inFile(field),
    ...(faults ? { faults: faults.map((fault): Fault => ({ ...fault, field: inFile(fault.field) })) } : {}),
  });
};

const isOfFile = (field: string | undefined): field is string => /^(definition|examples)\b/.test(field ?? '');

const inFile = (text: string): string => text.replace(/\bdefinition\.(?=[a-z])/g, '');

/** `luhn`, `javascript:luhn` or `luhn@2`: a name, and the version if one is named. RefusedError where it is none of them. */
export const readCapabilityName = (text: string): { name: string; version?: number } => {
  const [, name, version] = /^(?:[a-z]+:)?([^:@]+)(?:@([1-9]\d{0,5}))?$/.exec(text) ?? [];
  if (name !== undefined && CapabilityName.safeParse(name).success)
    return { name, ...(version === undefined ? {} : { version: Number(version) }) };
  throw new RefusedError('bad_input', `${text} is no name of a capability.`, {
    field: 'NAME',
    value: text,
    allowed: 'a name such as luhn or javascript:luhn, and a version if wanted: luhn@2',
  });
};
