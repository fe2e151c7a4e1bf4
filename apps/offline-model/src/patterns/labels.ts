import { type Kind, KINDS } from './span.js';

/** Names under which people and data sets speak of each kind; the first one is ours where nobody gave another. */
const LABELS: Readonly<Record<Kind, readonly string[]>> = {
  person: [
    'PERSON',
    'PER',
    'NAME',
    'PERSON_NAME',
    'FULL_NAME',
    'FIRST_NAME',
    'LAST_NAME',
    'PEOPLE',
    'HUMAN',
    'CUSTOMER',
    'PATIENT',
    'AUTHOR',
  ],
  email: ['EMAIL_ADDRESS', 'EMAIL', 'E_MAIL', 'MAIL', 'MAIL_ADDRESS'],
  phone: ['PHONE_NUMBER', 'PHONE', 'TELEPHONE', 'TELEPHONE_NUMBER', 'MOBILE', 'FAX', 'TEL', 'CONTACT_NUMBER'],
  address: ['STREET_ADDRESS', 'ADDRESS', 'POSTAL_ADDRESS', 'STREET', 'HOME_ADDRESS'],
  place: ['GPE', 'LOCATION', 'LOC', 'PLACE', 'CITY', 'COUNTRY', 'TOWN', 'STATE', 'REGION', 'GEOPOLITICAL_ENTITY', 'DESTINATION'],
  organisation: ['ORGANIZATION', 'ORGANISATION', 'ORG', 'COMPANY', 'EMPLOYER', 'INSTITUTION', 'BRAND', 'BUSINESS'],
  card: ['CREDIT_CARD', 'CREDIT_CARD_NUMBER', 'CARD', 'CARD_NUMBER', 'PAYMENT_CARD'],
  date: ['DATE_TIME', 'DATE', 'TIME', 'DATETIME', 'TIMESTAMP', 'BIRTH_DATE', 'DATE_OF_BIRTH', 'DOB', 'YEAR', 'DEADLINE'],
  age: ['AGE'],
  title: ['TITLE', 'JOB_TITLE', 'JOB', 'PROFESSION', 'OCCUPATION', 'ROLE', 'POSITION', 'HONORIFIC'],
  ssn: ['US_SSN', 'SSN', 'SOCIAL_SECURITY_NUMBER', 'SOCIAL_SECURITY'],
  iban: ['IBAN_CODE', 'IBAN', 'BANK_ACCOUNT', 'BANK_ACCOUNT_NUMBER', 'ACCOUNT_NUMBER'],
  ip: ['IP_ADDRESS', 'IP', 'IPV4', 'IPV6'],
  url: ['DOMAIN_NAME', 'URL', 'DOMAIN', 'WEBSITE', 'WEB_ADDRESS', 'LINK', 'WEB_SITE', 'HOMEPAGE'],
  zip: ['ZIP_CODE', 'ZIP', 'POSTAL_CODE', 'POSTCODE', 'ZIPCODE'],
  nationality: ['NRP', 'NATIONALITY', 'NORP', 'RELIGION', 'ETHNICITY', 'POLITICAL_GROUP'],
  driver_license: ['US_DRIVER_LICENSE', 'DRIVER_LICENSE', 'DRIVERS_LICENSE', 'DRIVING_LICENCE', 'DRIVER_LICENCE', 'LICENSE_NUMBER'],
  id: [
    'ID',
    'ID_NUMBER',
    'IDENTIFIER',
    'PASSPORT',
    'PASSPORT_NUMBER',
    'US_PASSPORT',
    'CUSTOMER_ID',
    'ORDER_NUMBER',
    'ORDER_ID',
    'INVOICE_NUMBER',
    'REFERENCE',
  ],
  amount: ['AMOUNT', 'MONEY', 'PRICE', 'COST', 'MONETARY_AMOUNT', 'SUM', 'TOTAL', 'CURRENCY', 'FEE', 'SALARY', 'REVENUE'],
};

/** Kinds that stand in for others under labels that are wider. */
const WIDER: Readonly<Partial<Record<string, readonly Kind[]>>> = {
  LOCATION: ['place', 'address', 'zip'],
  LOC: ['place', 'address', 'zip'],
  ADDRESS: ['address', 'zip'],
  ID: ['id', 'ssn', 'driver_license'],
  ID_NUMBER: ['id', 'ssn', 'driver_license'],
  IDENTIFIER: ['id', 'ssn', 'driver_license'],
  ACCOUNT_NUMBER: ['iban', 'card'],
  CONTACT: ['email', 'phone'],
};

const kindOf = new Map(KINDS.flatMap((kind) => LABELS[kind].map((label) => [label, kind] as const)));

const normalLabel = (label: string): string =>
  label
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, '_')
    .replace(/^_|_$/g, '');

/** The kind that a label speaks of: `Phone numbers` is a phone. Null: none of ours. */
export const kindOfLabel = (label: string): Kind | null => {
  const normal = normalLabel(label);
  const candidates = [normal, normal.replace(/IES$/, 'Y'), normal.replace(/(?<=S|X|CH)ES$/, ''), normal.replace(/S$/, '')];
  for (const candidate of candidates) {
    const kind = kindOf.get(candidate);
    if (kind) return kind;
  }
  return null;
};

export const defaultLabel = (kind: Kind): string => LABELS[kind][0] as string;

/** Which label stands for each kind, of those that may be given. The first label that fits a kind has it. */
export const labelsByKind = (labels: readonly string[]): Map<Kind, string> => {
  const chosen = new Map<Kind, string>();
  for (const label of labels) {
    const kind = kindOfLabel(label);
    if (kind && !chosen.has(kind)) chosen.set(kind, label);
  }
  for (const label of labels) {
    for (const kind of WIDER[normalLabel(label)] ?? []) if (!chosen.has(kind)) chosen.set(kind, label);
  }
  return chosen;
};

/** The kinds that a text speaks of: its words in capitals, or in ordinary spelling. */
export const kindsNamedIn = (text: string): Map<Kind, string> => {
  const capitals = [...text.matchAll(/\b[A-Z]{2,}(?:_[A-Z]+)*\b/g)].map(([label]) => label);
  const named = labelsByKind(capitals);
  if (named.size > 1) return named;
  const words = text.toLowerCase().match(/[a-z]+/g) ?? [];
  const found = new Map<Kind, string>();
  for (let index = 0; index < words.length; index++) {
    for (const length of [3, 2, 1]) {
      const kind = kindOfLabel(words.slice(index, index + length).join('_'));
      if (!kind) continue;
      if (!found.has(kind)) found.set(kind, defaultLabel(kind));
      index += length - 1;
      break;
    }
  }
  return found;
};
