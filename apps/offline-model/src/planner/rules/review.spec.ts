import { files, reviews } from '../../../test/support/manager.js';
import { outline, planned, propertiesOf, queryOf, templateOf } from '../../../test/support/planned.js';

describe('a review', () => {
  it('should ask about each row, rank the rows by a query, and make a page of them', async () => {
    const goal = 'Audit each file for races and leaks, and rank the files by risk from 1 to 10. Then write an overview.';
    const plan = await planned(goal, [files]);
    expect(outline(plan)).toEqual([
      'with_text: sql files',
      'reviewed: map with_text',
      'ranking: sql reviewed',
      'report: reduce ranking of path, risk, findings',
    ]);
    expect(templateOf(plan, 'reviewed').instructions).toContain('Look for races and leaks.');
    expect(propertiesOf(plan, 'reviewed')).toMatchObject({ risk: { type: 'integer', minimum: 1, maximum: 10 }, findings: { maxItems: 5 } });
    expect(queryOf(plan, 'ranking')).toContain('rank() OVER (ORDER BY risk DESC, len(findings) DESC) AS rank, path');
  });

  it('should rank single findings where those are asked for', async () => {
    const plan = await planned('Inspect all reviews. List the ten most important problems over all of them.', [reviews]);
    expect(outline(plan)).toEqual(['with_text: sql reviews', 'reviewed: map with_text', 'ranking: sql reviewed']);
    expect(propertiesOf(plan, 'reviewed')).toMatchObject({
      findings: { items: { properties: { finding: {}, importance: { maximum: 4 } } } },
    });
    expect(queryOf(plan, 'ranking')).toMatch(/unnest\(findings\) AS found FROM reviewed .* LIMIT 10$/);
  });

  it('should be none where reviews are what is worked on', async () => {
    const plan = await planned('Sort the reviews by price descending', [reviews]);
    expect(plan.steps.map(({ kind }) => kind)).toEqual(['sql']);
  });
});
