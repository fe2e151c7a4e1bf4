import { ITEM_BYTES } from '../../reduce/item-text.js';
import { quoteName } from '../../types/column-type.js';
import { type JobWork } from '../protocol.js';

type BundleJob = Extract<JobWork, { kind: 'bundle' }>;

/** What is shown of a row: a text as it stands, anything else, and several columns, as JSON. */
export const textOf = ({ input, columns }: Pick<BundleJob, 'input' | 'columns'>): string => {
  const [only, ...others] = columns;
  if (only !== undefined && others.length === 0 && input.columns.find(({ name }) => name === only)?.type === 'VARCHAR')
    return `coalesce(${quoteName(only)}, '(no value)')`;
  return `to_json(struct_pack(${columns.map((name) => `${quoteName(name)} := ${quoteName(name)}`).join(', ')}))::VARCHAR`;
};

/**
 * The rows with their place: `r` number, `g` group, by its first row in the input, `o` order, `ok`, `label`, `bytes` of a bundle that it
 * takes, `place` among all, by group and order, and `ranges` of rows of the input that it was made of, NULL where it is one of them. Of answers only groups that have several,
 * all of them ok: one that lacks an answer cannot be folded, and others are done.
 */
export const itemsQuery = (job: BundleJob): string =>
  `SELECT *, (strlen(label) + text_bytes + ${ITEM_BYTES})::BIGINT AS bytes, row_number() OVER (ORDER BY g, o) - 1 AS place
   FROM (${job.level === 1 ? rowItems(job) : answerItems(job)}) ORDER BY place`;

const rowItems = (job: BundleJob): string => {
  const { input, by, orderBy } = job;
  const partition = by.length > 0 ? `PARTITION BY ${by.map(quoteName).join(', ')}` : '';
  const order = [...orderBy.map((name) => `${quoteName(name)} ASC NULLS LAST`), '"_row"'].join(', ');
  const ok = input.numbered ? `"_status" = 'ok'` : 'true';
  return `SELECT "_row" AS r, min("_row") OVER (${partition}) AS g, row_number() OVER (ORDER BY ${order}) AS o, ${ok} AS ok,
    'item ' || "_row" AS label, strlen(${textOf(job)}) AS text_bytes, NULL::STRUCT("first" BIGINT, "last" BIGINT)[] AS ranges
    FROM (${input.select})`;
};

const answerItems = (job: BundleJob): string =>
  `SELECT "_row" AS r, "bundle"."group" AS g, "_row" AS o, true AS ok,
    'items ' || list_min([x."first" for x in "sources"."rows"]) || ' to ' || list_max([x."last" for x in "sources"."rows"]) AS label,
    strlen(${textOf(job)}) AS text_bytes, "sources"."rows" AS ranges
    FROM (${job.input.select})
    QUALIFY bool_and("_status" = 'ok') OVER (PARTITION BY "bundle"."group") AND count(*) OVER (PARTITION BY "bundle"."group") > 1`;
