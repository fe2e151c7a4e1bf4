const EXAMPLE = {
  version: 1,
  steps: [
    {
      id: 'judged',
      kind: 'map',
      input: 'reviews',
      description: 'Judge each review',
      template: {
        instructions:
          'Read the product review {{text}}.\ndefects: every defect that the review names, in a few words each; an empty list if it names none.\nsentiment: what its author feels towards the product; neutral if the review has no value or says nothing of it.',
        output: {
          type: 'object',
          required: ['defects', 'sentiment'],
          properties: {
            defects: { type: 'array', items: { type: 'string' } },
            sentiment: { type: 'string', enum: ['positive', 'neutral', 'negative'] },
          },
        },
      },
    },
    {
      id: 'defects_by_product',
      kind: 'sql',
      inputs: ['judged'],
      description: 'Count the defects',
      query:
        "SELECT product, defect, count(*) AS n FROM (SELECT product, unnest(defects) AS defect FROM judged WHERE _status = 'ok') GROUP BY product, defect ORDER BY n DESC, product, defect",
    },
  ],
  outputs: ['judged', 'defects_by_product'],
};

/** Shapes of plans for kinds of tasks, and one in full. */
export const PATTERNS = `# Patterns
- The same question about each row: one map step, then sql for totals. Findings that are lists: unnest them in sql, a row for each.
- A query can tell: no model at all. Counting, sums, shares, rankings by figures; but also texts of a fixed form or of a few wordings, which regexp_extract, LIKE and CASE tell apart: look with search_text and query_table, and count what the rule leaves over.
- Some rows only: sql with WHERE; where it takes reading, a map step that answers a boolean, and sql that keeps the rows for which it is true.
- Several tables: join them with sql. Find out first whether a key is unique (count(*) beside count(DISTINCT …)) and how many rows find a partner; LEFT JOIN keeps those that find none. Where the key stands in a text, regexp_extract takes it out. Join before the map step if the model needs what the other table says, after it otherwise.
- Documents of several formats, brought into one form: a map step whose output is an array of objects, sql that unnests it, and UNION ALL with tables that have records already.
- Long texts: sql that leaves out what is no part of the matter (licences, tables of contents, notes), split, a map step over the chunks, reduce. For finding things, chunks of 500 to 1000 tokens; for summaries, of 2000 to 6000; never more than a quarter of what the model takes. Number the lines in sql first if answers are to name them: array_to_string(list_transform(string_split(text, chr(10)), lambda line, i: i || ': ' || line), chr(10)).
- A whole by its parts, level by level: split by headings or a pattern, sql that gives each part the columns of its place (last_value(act IGNORE NULLS) OVER (ORDER BY chunk) hands the heading of an act down to its scenes), a map step for the parts, and a chain of reduces: "by" scene's act, then all acts.
- Claims that are traced: sql gives each chunk a short name ('c' || chapter || '.' || chunk AS ref); instructions name {{ref}}; each level answers with a list of sentences, each with the names that it rests on ("refs", "minItems": 1), copied exactly; and in the end sql unnests them, joins them with the chunks as a table of evidence, and puts the text together.
- The best of all: a map step that gives findings with reasons and a severity, sql that makes a row of each, reduce without "by" that ranks them and answers with the first ten, and sql that unnests them again. Bound the lists ("maxItems"), so that answers to parts fit together.
- Tasks that are no rows of a table: a step of kind "table" with a row for each, and a map step; with instructionColumns where each has instructions of its own. Such a plan needs no input. What is arithmetic among them belongs in sql, and UNION ALL brings it together with the rest.
- Tasks of different kinds side by side, each with tools and an answer of its own: such a table whose rows name them, "rows": [{"task": "Find the list price of …", "tools": ["builtin:fetch"], "answers": ["price", "source"]}, {"task": "Say in a sentence what …", "answers": "verdict"}], and a map step of mode "agent" with "instructionColumns": ["task"], "capabilities": ["builtin:fetch"], "capabilitiesFrom": "tools", an output with price, source and verdict, and "outputFrom": "answers".
- Pages of the web, several looks for one row: a map step of mode "agent" with builtin:fetch, which answers with what it found and the addresses of the pages that it read.
- Doubtful answers: replicas. "majority" for a label that must be right, and sql that lists rows with replicas.agreement < 1; "best" where an answer can score itself, "judge" where a text has to be chosen. For reports that check each other: {"combine": "all", "count": 2}, then a map step over the result that reads {{answers}}, keeps what both found or what stands up to the other, and lists what they contradict each other in.

# When the task is not clear
Vague: find out by queries what stands out, choose the reading that a person with these tables most likely means, keep it small, and say in descriptions what you assumed. Contradictory: serve what can be served side by side (all rows with a rank and a mark, and a second table of those that are marked) and say so. Impossible in part: do the part, and say what is left out. Impossible: decline_task. A plan that has a model guess what the tables do not hold is worse than none.

# Example
The person: "How do people feel about each product, and what breaks?" over a table reviews (product VARCHAR, text VARCHAR):
${JSON.stringify(EXAMPLE)}`;
