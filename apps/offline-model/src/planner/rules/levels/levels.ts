import { readColumns, chosenTables } from '../../choose.js';
import { isText } from '../../tables.js';
import { type Rule } from '../rule.js';
import { buildLevels } from './build-levels.js';
import { readLevelsGoal } from './read-levels.js';
import { findLevels } from './sources.js';

/** A whole that is told by its parts: pieces, the levels that the goal names, one text. */
export const levels: Rule = {
  plans:
    'summaries level by level ("each scene, each act, the whole play on a page"; "the reviews by product"), where columns, file names, headings or the goal itself tell the parts',
  apply: (situation) => {
    const [table] = chosenTables(situation);
    const [text] = table ? readColumns(table, situation.goal) : [];
    if (!table || !text || !isText(text)) return null;
    const wanted = readLevelsGoal(situation.goal, table, text.name);
    if (!wanted) return null;
    const found = findLevels(wanted, { table, text, situation });
    if ('ask' in found) return found;
    // Nothing to fold by, and nothing to fold into.
    if (found.levels.length === 0 && !wanted.whole) return null;
    return { built: buildLevels({ table, text, wanted, ...found, takenProperties: situation.takenProperties }) };
  },
};
