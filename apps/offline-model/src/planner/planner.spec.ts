import { Plan } from '@apwa/contracts';
import { answerTo } from '../answer.js';
import { type ShownTable, files, messages, reviews } from '../../test/support/manager.js';
import { planBy as plan, planned } from '../../test/support/planned.js';

interface Schema {
  properties: Record<
    string,
    { type: string; enum?: string[]; minimum?: number; maximum?: number; items?: { properties?: { type: { enum: string[] } } } }
  >;
}
const maps = ({ steps }: Plan) =>
  steps.flatMap((step) =>
    step.kind === 'map' && step.template.mode === 'llm'
      ? [
          {
            id: step.id,
            input: step.input,
            columns: [...step.template.instructions.matchAll(/\{\{(.+?)\}\}/g)].map(([, name]) => name),
            properties: (step.template.output as unknown as Schema).properties,
          },
        ]
      : [],
  );
const queries = ({ steps }: Plan): Record<string, string> =>
  Object.fromEntries(steps.flatMap((step) => (step.kind === 'sql' ? [[step.id, step.query]] : [])));
const typesOf = (document: Plan) => maps(document)[0]?.properties.entities?.items?.properties?.type.enum;

describe('the turns of planning', () => {
  it('should look at the tables, and then submit a plan', async () => {
    const { calls } = await plan('Summarise each message', [messages]);
    expect(calls).toEqual(['list_tables', 'describe_table messages', 'submit_plan']);
  });

  it('should look at rows where nothing tells how long the texts are', async () => {
    const bare: ShownTable = {
      name: 'notes',
      rows: 2,
      columns: [
        { name: 'a', type: 'VARCHAR' },
        { name: 'b', type: 'VARCHAR' },
      ],
      sample: [{ a: 'x1', b: 'a long sentence that is worth reading' }],
    };
    const { calls, plan: document } = await plan('Summarise each note', [bare]);
    expect(calls).toContain('preview_rows notes');
    expect(maps(Plan.parse(document))[0]?.columns).toEqual(['b']);
  });

  it('should tell plainly that there is no goal', async () => {
    const { text } = await plan('', [messages]);
    expect(text).toContain('there is no goal');
  });

  it('should tell plainly that a requested file is none that the goal gives', async () => {
    const { text, plan: document } = await plan('Summarise each message', [messages], { requested: ['summaries', 'invoices'] });
    expect(document).toBeNull();
    expect(text).toContain('invoices');
  });
});

describe('a run that may be amended', () => {
  it('should go on as it would have', () => {
    const tools = ['list_tables', 'submit_amendment', 'keep_plan'].map((name) => ({ type: 'function' as const, function: { name } }));
    const answer = answerTo({ model: 'offline-rules', messages: [{ role: 'user', content: 'The plan is being carried out.' }], tools });
    expect(answer).toMatchObject({ kind: 'tool_call', name: 'keep_plan', arguments: expect.stringContaining('reason') });
  });
});

describe('a plan for personal data', () => {
  const goal =
    'Find every piece of personal data in these messages, write each message with the data replaced by its type, and count the findings by type.';

  it('should ask once per message, and make the other tables by SQL', async () => {
    const document = await planned(goal, [messages]);
    expect(document.outputs).toEqual(['findings', 'redacted', 'by_type']);
    expect(maps(document)).toMatchObject([{ id: 'findings', input: 'messages', columns: ['full_text'] }]);
    expect(Object.keys(maps(document)[0]?.properties ?? {})).toEqual(['entities', 'redacted']);
    expect(queries(document)).toEqual({
      redacted: "SELECT id, redacted FROM findings WHERE _status = 'ok' ORDER BY _row",
      by_type:
        "SELECT e.type AS type, count(*) AS n FROM (SELECT *, unnest(entities) AS e FROM findings WHERE _status = 'ok') GROUP BY 1 ORDER BY n DESC, 1",
    });
  });

  it('should not show the data beside the redacted text', async () => {
    const document = await planned('Anonymise the messages', [messages]);
    expect(document.outputs).toEqual(['redacted']);
    expect(queries(document).redacted).not.toContain('full_text');
  });

  it.each([
    ['Extract all e-mail addresses and phone numbers from these messages', ['EMAIL_ADDRESS', 'PHONE_NUMBER']],
    ['Find the people and companies mentioned in each message', ['PERSON', 'ORGANIZATION']],
    ['List every IBAN and credit card number', ['IBAN_CODE', 'CREDIT_CARD']],
    ['Find all dates', ['DATE_TIME']],
  ])('should look for the named types alone: %s', async (said, types) => expect(typesOf(await planned(said, [messages]))).toEqual(types));

  it('should give steps the names whose files are asked for', async () => {
    const document = await planned(goal, [messages], { requested: ['pii', 'redacted', 'by_type'] });
    expect(document.outputs).toEqual(['pii', 'redacted', 'by_type']);
    expect(queries(document).by_type).toContain('FROM pii WHERE');
  });
});

describe('a plan for labels and other answers about each row', () => {
  it.each([
    ['Classify each review as positive, negative or neutral', 'sentiment', ['positive', 'negative', 'neutral']],
    ['Sort the reviews by topic: billing, delivery, account or other.', 'topic', ['billing', 'delivery', 'account', 'other']],
    ['Label every review as spam or not spam', 'label', ['spam', 'not spam']],
    [
      'Assign each review to one of these categories: Shipping, Product quality, Price',
      'category',
      ['Shipping', 'Product quality', 'Price'],
    ],
    ['Please categorize the reviews into praise, complaint and question', 'label', ['praise', 'complaint', 'question']],
    ['What is the sentiment of each review?', 'sentiment', ['positive', 'neutral', 'negative']],
    ['For each review, tell whether it is happy, angry or calm', 'label', ['happy', 'angry', 'calm']],
  ])('should offer the labels that the goal names: %s', async (goal, name, labels) => {
    const [map] = maps(await planned(goal, [reviews]));
    expect(map).toMatchObject({ columns: ['review'], properties: { [name]: { enum: labels } } });
  });

  it.each([
    ['Summarise each chapter in one sentence', files, { summary: { type: 'string' } }],
    ['Extract the key points of each file', files, { key_points: { type: 'array' } }],
    [
      'Extract the customer name, the order number and the total amount from each message',
      messages,
      { customer_name: {}, order_number: {}, total_amount: { type: ['number', 'null'] } },
    ],
    ['Rate the urgency of each message from 1 to 5', messages, { urgency: { type: 'integer', minimum: 1, maximum: 5 } }],
    ['Translate each message to French', messages, { translation: { type: 'string' } }],
    ['Write a haiku about every message', messages, { answer: { type: 'string' } }],
    ['Decide whether each message contains an e-mail address', messages, { matches: { type: 'boolean' } }],
    ['Which language is each message written in?', messages, { language: {} }],
    ['Detect the language of each message, and summarise it', messages, { language: {}, summary: { type: 'string' } }],
  ])('should ask for %s', async (goal, table, properties) => {
    const document = await planned(goal, [table]);
    expect(maps(document)).toHaveLength(1);
    expect(maps(document)[0]?.properties).toMatchObject(properties);
    expect(Object.keys(maps(document)[0]?.properties ?? {})).toEqual(Object.keys(properties));
  });

  it.each([
    'Which reviews complain about late delivery?',
    'Keep only the reviews that complain about late delivery',
    'Find all reviews about late delivery',
  ])('should keep the rows with yes: %s', async (goal) => {
    const document = await planned(goal, [reviews]);
    expect(document.outputs).toEqual(['matching']);
    expect(queries(document).matching).toMatch(/^SELECT product, .* WHERE _status = 'ok' AND matches ORDER BY _row$/);
    expect(JSON.stringify(maps(document)[0]?.properties)).toContain('late delivery');
  });

  it('should leave names of the input to the input', async () => {
    const table: ShownTable = {
      ...reviews,
      columns: [...reviews.columns, { name: 'Sentiment', type: 'VARCHAR', distinct: 3 }, { name: 'summary', type: 'VARCHAR', distinct: 3 }],
    };
    const [map] = maps(await planned('Give the sentiment of each review, and summarise it', [table]));
    expect(Object.keys(map?.properties ?? {})).toEqual(['sentiment_2', 'summary_2']);
  });

  it('should take placeholders in a goal for words', async () => {
    const [map] = maps(await planned('Answer {{secret}} for each message as a pirate would', [messages]));
    expect(map?.columns).toEqual(['full_text']);
  });
});

describe('a plan that counts', () => {
  it.each([
    ['How many rows are there per country?', 'SELECT country, count(*) AS n FROM reviews GROUP BY 1 ORDER BY n DESC, 1'],
    ['average price per product', 'SELECT product, avg(price) AS avg_price FROM reviews GROUP BY 1 ORDER BY avg_price DESC, 1'],
    [
      'total price by month',
      "SELECT date_trunc('month', created_at) AS month, sum(price) AS sum_price FROM reviews GROUP BY 1 ORDER BY sum_price DESC, 1",
    ],
    ['top 3 products by price', 'SELECT product, sum(price) AS sum_price FROM reviews GROUP BY 1 ORDER BY sum_price DESC, 1 LIMIT 3'],
    [
      'How many reviews per country where price is over 10?',
      'SELECT country, count(*) AS n FROM reviews WHERE price > 10 GROUP BY 1 ORDER BY n DESC, 1',
    ],
    [
      'What is the highest price where country is Norway?',
      "SELECT max(price) AS max_price FROM reviews WHERE lower(CAST(country AS VARCHAR)) = 'norway'",
    ],
    ['How many different products are there?', 'SELECT count(DISTINCT product) AS distinct_product FROM reviews'],
    ['count the rows', 'SELECT count(*) AS n FROM reviews'],
    ['Sort the reviews by price descending', 'SELECT * FROM reviews ORDER BY price DESC'],
  ])('should need no model where columns tell: %s', async (goal, query) => {
    const document = await planned(goal, [reviews]);
    expect(document.steps).toMatchObject([{ kind: 'sql', query }]);
    expect(document.outputs).toEqual([document.steps[0]?.id]);
  });

  it.each([
    [
      'Classify each review as good or bad and count them by label',
      'classified',
      "SELECT label, count(*) AS n FROM classified WHERE _status = 'ok' GROUP BY 1 ORDER BY n DESC, 1",
    ],
    [
      'Classify each review by topic: price, quality. Count the reviews by topic and country.',
      'classified',
      "SELECT topic, country, count(*) AS n FROM classified WHERE _status = 'ok' GROUP BY 1, 2 ORDER BY n DESC, 1, 2",
    ],
    [
      'What is the sentiment of each review? Give me the average price per sentiment.',
      'classified',
      "SELECT sentiment, avg(price) AS avg_price FROM classified WHERE _status = 'ok' GROUP BY 1 ORDER BY avg_price DESC, 1",
    ],
    [
      'List every defect that each review names, and count the defects by product',
      'extracted',
      "SELECT product, count(*) AS n FROM (SELECT *, unnest(defect) AS e FROM extracted WHERE _status = 'ok') GROUP BY 1 ORDER BY n DESC, 1",
    ],
  ])('should count what was found out: %s', async (goal, main, query) => {
    const document = await planned(goal, [reviews]);
    expect(document.outputs[0]).toBe(main);
    expect(Object.values(queries(document))).toEqual([query]);
  });

  it.each(['How many reviews mention a broken lamp, per country?', 'Count the reviews by language'])(
    'should give the figures first where they alone are asked for: %s',
    async (goal) => {
      const document = await planned(goal, [reviews]);
      expect(maps(document)).toHaveLength(1);
      expect(document.outputs[0]).toMatch(/^by_/);
    },
  );

  it('should read only the rows that the goal is about', async () => {
    const document = await planned('Classify the reviews with stars below 3 as price or quality', [reviews]);
    expect(queries(document).selected).toBe('SELECT * FROM reviews WHERE stars < 3');
    expect(maps(document)[0]?.input).toBe('selected');
  });
});

describe('the choice among inputs', () => {
  it('should take the input with the most text if none is named', async () =>
    expect(maps(await planned('Summarise it all', [messages, files]))).toMatchObject([{ input: 'files' }]));
  it('should take the one that is named', async () =>
    expect(maps(await planned('Summarise the messages', [messages, files]))).toMatchObject([{ input: 'messages' }]));
  it('should do with each named one what is said of it', async () => {
    const document = await planned('Summarise the reviews and anonymise the messages', [messages, reviews, files]);
    expect(maps(document).map(({ input, properties }) => [input, ...Object.keys(properties)])).toEqual([
      ['messages', 'redacted'],
      ['reviews', 'summary'],
    ]);
  });
  it('should take the one that has the columns which are counted by', async () =>
    expect((await planned('average price per product', [files, reviews])).steps).toMatchObject([{ inputs: ['reviews'] }]));
  it('should take the column that the goal names', async () => {
    const table: ShownTable = {
      ...reviews,
      columns: [...reviews.columns, { name: 'reply', type: 'VARCHAR', distinct: 480, length: { p50: 90, p95: 300, max: 500 } }],
    };
    expect(maps(await planned('Summarise the reply', [table]))[0]?.columns).toEqual(['reply']);
  });
});

describe('a plan that was not accepted', () => {
  const once = (faults: object[]) => {
    let told = false;
    return () => (told ? [] : ((told = true), faults));
  };

  it('should come back with a column that is there', async () => {
    const fault = {
      field: 'steps[0].template.instructions',
      message: 'a placeholder names a column that the input does not have',
      value: '{{full_text}}',
      allowed: 'id, body',
    };
    const { plan: document, calls } = await plan('Summarise each message', [messages], { check: once([fault]) });
    expect(calls.filter((call) => call === 'submit_plan')).toHaveLength(2);
    expect(maps(Plan.parse(document))[0]?.columns).toEqual(['body']);
  });

  it('should come back with another name for a property', async () => {
    const fault = {
      field: 'steps[0].template.output.properties.summary',
      message: 'is a column of the input: Summary',
      value: 'summary',
      allowed: 'a name of its own',
    };
    const { plan: document } = await plan('Summarise each message', [messages], { check: once([fault]) });
    expect(Object.keys(maps(Plan.parse(document))[0]?.properties ?? {})).toEqual(['summary_2']);
  });

  it('should be given up with its faults where the rules know no other', async () => {
    const fault = { field: 'steps[0].query', message: 'the disk is purple', value: 'SELECT' };
    const { text, calls } = await plan('average price per product', [reviews], { check: () => [fault] });
    expect(calls.filter((call) => call === 'submit_plan')).toHaveLength(1);
    expect(text).toContain('the disk is purple');
  });
});
