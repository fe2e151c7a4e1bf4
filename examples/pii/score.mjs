/**
 * Compares findings with labels: per message, type and value, each as often as it stands there. A finding is right only if both
 * are those of a label, letter for letter.
 */

/**
 * @typedef {{ type: string, value: string }} Entity
 * @typedef {{ id: string, entities: Entity[] }} Findings What was found in a message.
 * @typedef {{ id: string, spans: Entity[] }} Labels What stands in it.
 * @typedef {{ precision: number | null, recall: number | null, found: number, labelled: number, right: number }} Score
 *   `precision`: share of the findings that are right, `recall`: share of the labels that were found; null where there are none.
 */

/** Other names that models give to the types of the labels. */
const ALIASES = new Map(
  Object.entries({
    PERSON: ['PER', 'NAME', 'PERSON_NAME', 'FULL_NAME', 'FIRST_NAME', 'LAST_NAME'],
    EMAIL_ADDRESS: ['EMAIL', 'E_MAIL'],
    PHONE_NUMBER: ['PHONE', 'TELEPHONE', 'TELEPHONE_NUMBER', 'FAX', 'FAX_NUMBER'],
    STREET_ADDRESS: ['ADDRESS', 'POSTAL_ADDRESS'],
    GPE: ['LOCATION', 'CITY', 'COUNTRY', 'PLACE', 'STATE'],
    ORGANIZATION: ['ORG', 'ORGANISATION', 'COMPANY'],
    CREDIT_CARD: ['CREDIT_CARD_NUMBER', 'CARD_NUMBER', 'CARD'],
    DATE_TIME: ['DATE', 'TIME', 'DATETIME', 'DATE_OF_BIRTH', 'BIRTH_DATE'],
    TITLE: ['JOB_TITLE', 'HONORIFIC', 'OCCUPATION', 'PROFESSION'],
    US_SSN: ['SSN', 'SOCIAL_SECURITY_NUMBER'],
    IBAN_CODE: ['IBAN', 'BANK_ACCOUNT', 'BANK_ACCOUNT_NUMBER'],
    IP_ADDRESS: ['IP'],
    DOMAIN_NAME: ['URL', 'DOMAIN', 'WEBSITE'],
    ZIP_CODE: ['ZIP', 'POSTAL_CODE', 'POSTCODE'],
    NRP: ['NATIONALITY', 'NORP', 'RELIGION', 'POLITICAL_GROUP'],
    US_DRIVER_LICENSE: ['DRIVER_LICENSE', 'DRIVERS_LICENSE', 'DRIVER_LICENSE_NUMBER', 'DRIVERS_LICENSE_NUMBER'],
  }).flatMap(([type, names]) => names.map((name) => [name, type])),
);

/** @param {string} type @returns {string} */
const typeOf = (type) => {
  const name = type.trim().toUpperCase().replace(/[^A-Z0-9]+/g, '_');
  return ALIASES.get(name) ?? name;
};

/** @param {number} right @param {number} found @param {number} labelled @returns {Score} */
const scoreOf = (right, found, labelled) => ({
  precision: found === 0 ? null : right / found,
  recall: labelled === 0 ? null : right / labelled,
  found,
  labelled,
  right,
});

/**
 * @param {Iterable<Findings>} findings messages that are missing count as messages without findings
 * @param {Iterable<Labels>} labels
 * @returns {{ perType: ({ type: string } & Score)[], overall: Score }} types by name, those of findings without labels included
 */
export const score = (findings, labels) => {
  /** @type {Map<string, { right: number, found: number, labelled: number }>} */
  const types = new Map();
  /** @param {string} type */
  const countsOf = (type) => {
    const counts = types.get(type) ?? { right: 0, found: 0, labelled: 0 };
    types.set(type, counts);
    return counts;
  };
  /** @type {Map<string, number>} how many labels of a message, type and value are not matched yet */
  const open = new Map();
  /** @param {string} id @param {Entity} entity */
  const keyOf = (id, entity) => JSON.stringify([id, typeOf(entity.type), entity.value]);

  for (const { id, spans } of labels) {
    for (const span of spans) {
      countsOf(typeOf(span.type)).labelled++;
      const key = keyOf(id, span);
      open.set(key, (open.get(key) ?? 0) + 1);
    }
  }
  for (const { id, entities } of findings) {
    for (const entity of entities) {
      const counts = countsOf(typeOf(entity.type));
      counts.found++;
      const key = keyOf(id, entity);
      const left = open.get(key) ?? 0;
      if (left === 0) continue;
      open.set(key, left - 1);
      counts.right++;
    }
  }
  const perType = [...types]
    .map(([type, { right, found, labelled }]) => ({ type, ...scoreOf(right, found, labelled) }))
    .sort((a, b) => (a.type < b.type ? -1 : 1));
  /** @param {'right' | 'found' | 'labelled'} count */
  const sum = (count) => perType.reduce((total, counts) => total + counts[count], 0);
  return { perType, overall: scoreOf(sum('right'), sum('found'), sum('labelled')) };
};
