import { type Fault, type RefusedError } from '@apwa/contracts';

/** Where a schema says what is wrong with it, its own places are put behind the place of the schema. */
export const faultsOfSchema = ({ message, details }: RefusedError, field: string): Fault[] => {
  const { faults, value, allowed } = details;
  if (faults?.length) return faults.map((fault) => ({ ...fault, field: join(field, fault.field) }));
  return [
    {
      field: details.field ? join(field, details.field) : field,
      message,
      ...(value === undefined ? {} : { value }),
      ...(allowed === undefined ? {} : { allowed }),
    },
  ];
};

const join = (field: string, below: string): string => {
  const path = below.replace(/^(schema|output)(?=$|[.[/])/, '').replace(/^[./#]+/, '');
  return path === '' ? field : path.startsWith('[') ? `${field}${path}` : `${field}.${path}`;
};
