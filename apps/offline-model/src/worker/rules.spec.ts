import { classify, classifyAll } from './classify.js';
import { candidatesOf, judge } from './judge.js';
import { languageOf } from './language.js';
import { sentimentOf, toneOf } from './sentiment.js';
import { keySentences, keywordsOf, summaryOf } from './summary.js';
import { type Task } from './task.js';

describe('classification', () => {
  const topics = ['billing', 'delivery', 'technical', 'other'];
  it.each([
    ['I was charged twice on my invoice', topics, 'billing'],
    ['The parcel has not arrived, the courier lost it', topics, 'delivery'],
    ['The app crashes with an error on the login screen', topics, 'technical'],
    ['Greetings from the sea', topics, 'other'],
    ['I love it, wonderful!', ['positive', 'negative', 'neutral'], 'positive'],
    ['Terrible, it is broken', ['good', 'bad'], 'bad'],
    ['It is a box', ['positive', 'negative', 'neutral'], 'neutral'],
    ['Outage! We need help immediately, it is urgent', ['low', 'medium', 'high', 'critical'], 'critical'],
    ['See you next year', ['low', 'high'], 'low'],
  ])('of %j among %j should be %s', (text, labels, label) => expect(classify(labels, text)).toBe(label));

  it('should go by what the instructions say of a label', () => {
    expect(classify(['alpha', 'beta'], 'The cat sat on the mat', 'alpha: dogs and wolves\nbeta: cats and mats')).toBe('beta');
  });
  it('should give every label that fits where several may', () => {
    expect(classifyAll(topics, 'The parcel never arrived, and delivery was charged on my invoice: billing is wrong')).toEqual([
      'billing',
      'delivery',
    ]);
  });
});

describe('sentiment', () => {
  it.each([
    ['This is great', 'positive'],
    ['This is not great', 'negative'],
    ['I do not hate it', 'positive'],
    ['1 out of 5', 'negative'],
    ['', 'neutral'],
  ])('of %j should be %s', (text, tone) => expect(toneOf(text)).toBe(tone));
  it('should be mixed only where it may be', () =>
    expect([toneOf('great but terrible', true), toneOf('great but terrible')]).toEqual(['mixed', 'neutral']));
  it('should weigh emphasis', () => expect(sentimentOf('very good').positive).toBeGreaterThan(sentimentOf('good').positive));
});

describe('summaries', () => {
  const text =
    'The harbour was closed. Ships waited outside the harbour for days. Somebody sang. The harbour opened after the ships had paid.';
  it('should pick sentences of the text, in its order', () => {
    const picked = keySentences(text, 2);
    expect(picked).toHaveLength(2);
    expect(picked.map((sentence) => text.indexOf(sentence))).toEqual(
      picked.map((sentence) => text.indexOf(sentence)).sort((a, b) => a - b),
    );
    expect(picked).not.toContain('Somebody sang.');
  });
  it('should keep the length', () => expect(summaryOf(text.repeat(50), 100).length).toBeLessThanOrEqual(100));
  it('should name the words that come most often', () => expect(keywordsOf(text, 2)).toEqual(['harbour', 'ships']));
});

describe('judging', () => {
  const task = (fields: Record<string, string>, instructions = 'Which of the candidates is the best answer?'): Task => ({
    instructions,
    fields: Object.entries(fields).map(([name, text]) => ({ name, text })),
    text: '',
    schema: null,
  });
  it('should choose the candidate that most others agree with', () => {
    const candidates = candidatesOf(task({ a: JSON.stringify(['Paris', 'Oslo', 'paris', 'Rome']) })) ?? [];
    expect(judge(candidates)).toMatchObject({ index: 0, agreeing: 2 });
  });
  it('should read candidates from fields and from numbered parts', () => {
    expect(candidatesOf(task({ candidate_1: 'x', candidate_2: 'y' }))?.map(({ label }) => label)).toEqual(['candidate_1', 'candidate_2']);
    expect(candidatesOf(task({ text: 'Candidate 1: x\nCandidate 2: y' }))?.map(({ text }) => text)).toEqual(['x', 'y']);
  });
  it('should take other tasks for what they are', () =>
    expect(candidatesOf(task({ text: '1. x\n2. y' }, 'Summarise the text'))).toBeNull());
});

describe('languages', () => {
  it.each([
    ['The cat is on the table and it sleeps', 'English', 'en'],
    ['Die Katze ist nicht auf dem Tisch und schläft', 'German', 'de'],
    ['Le chat est sur la table et il dort dans la maison', 'French', 'fr'],
    ['Кошка спит на столе', 'Russian', 'ru'],
  ])('of %j should be %s', (text, name, code) => expect([languageOf(text), languageOf(text, true)]).toEqual([name, code]));
});
