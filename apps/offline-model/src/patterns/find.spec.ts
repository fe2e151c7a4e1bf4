import { findSpans } from './find.js';
import { type Kind } from './span.js';

/** The values that are found, as `kind: value`. */
const found = (text: string, ...kinds: Kind[]): string[] =>
  findSpans(text, kinds.length > 0 ? new Set(kinds) : undefined).map(({ kind, start, end }) => `${kind}: ${text.slice(start, end)}`);

describe('what machines write', () => {
  it.each<[string, string[]]>([
    ['write to olga.berg+news@mail.example.co.uk, please', ['email: olga.berg+news@mail.example.co.uk']],
    ['JÜRGEN@MÜLLER.de', ['email: JÜRGEN@MÜLLER.de']],
    ['see https://example.org/a?b=c#d. Then www.example.com/x', ['url: https://example.org/a?b=c#d', 'url: www.example.com/x']],
    ['from 192.168.0.254 and 2001:db8::8a2e:370:7334', ['ip: 192.168.0.254', 'ip: 2001:db8::8a2e:370:7334']],
    ['version 1.2.3.4.5 at 12:30', ['date: 12:30']],
    ['999.168.0.254 is none', []],
    ['no at sign here @ all', []],
  ])('should be found in %j', (text, values) => expect(found(text, 'email', 'url', 'ip', 'date')).toEqual(values));
});

describe('numbers', () => {
  it.each<[string, string[]]>([
    ['My card is 4111 1111 1111 1111.', ['card: 4111 1111 1111 1111']],
    ['Order 4111111111111112 was lost', []],
    ['The card 4111111111111112 is mine', ['card: 4111111111111112']],
    ['IBAN: DE89 3704 0044 0532 0130 00', ['iban: DE89 3704 0044 0532 0130 00']],
    ['SSN 078-05-1120', ['ssn: 078-05-1120']],
    ['she is 42 years old', ['age: 42']],
    ['my son is 9', ['age: 9']],
    ['on her 30th birthday', ['age: 30']],
    ['Berit Aas, 51, of Oslo', ['age: 51']],
    ['the answer is 42', []],
    ['zip code 94107', ['zip: 94107']],
    ['Can you change my zip code to 94107?', ['zip: 94107']],
    ['SW1A 1AA', ['zip: SW1A 1AA']],
  ])('should be told apart in %j', (text, values) => expect(found(text, 'card', 'iban', 'ssn', 'age', 'zip')).toEqual(values));

  it.each<[string, string[]]>([
    ['Call +47 22 33 44 55 now', ['phone: +47 22 33 44 55']],
    ['(415) 555-0132 x12', ['phone: (415) 555-0132 x12']],
    ['0171-12 34 56', ['phone: 0171-12 34 56']],
    ['my number is 5550132', ['phone: 5550132']],
    ['Ref 2024-05-11 and 12.05.2024', []],
    ['1 2 3 4 5', []],
    ['house 9000 123', []],
  ])('should find phones in %j', (text, values) => expect(found(text, 'phone')).toEqual(values));

  it.each<[string, string[]]>([
    ['on 2024-02-29T10:11:12Z', ['date: 2024-02-29T10:11:12Z']],
    ['2/8/1935 or 16.4.2000', ['date: 2/8/1935', 'date: 16.4.2000']],
    ['Monday, 3rd of May 1999', ['date: Monday, 3rd of May 1999']],
    ['April 16, 2000 at 3 pm', ['date: April 16, 2000', 'date: 3 pm']],
    ['since 1984', ['date: 1984']],
    ['room 1984', []],
    ['13/45/2000', []],
  ])('should find dates in %j', (text, values) => expect(found(text, 'date')).toEqual(values));

  it('should find amounts and numbers of identification only where they are asked for', () => {
    const text = 'Invoice INV-2041: $1,200.50 due';
    expect(found(text, 'amount', 'id')).toEqual(['id: INV-2041', 'amount: $1,200.50']);
    expect(found(text, 'phone', 'card')).toEqual([]);
  });
});

describe('names', () => {
  it.each<[string, string[]]>([
    ['My name is Anna Berg.', ['person: Anna Berg']],
    ['Dear Mr. Van der Berg, hello', ['title: Mr.', 'person: Van der Berg']],
    ['Regards,\nJonathan P. Whitfield', ['person: Jonathan P. Whitfield']],
    ['Chidi told me so', ['person: Chidi']],
    ['Zwolinda lives here', ['person: Zwolinda']],
    ['my name is olga petrova', ['person: olga petrova']],
    ['The Report was published on Monday', []],
    ['Please Call Me', []],
  ])('of people should be found in %j', (text, values) => expect(found(text, 'person', 'title')).toEqual(values));

  it.each<[string, string[]]>([
    ['She moved to Oslo, Norway', ['place: Oslo', 'place: Norway']],
    ['I grew up in Qwertystad', ['place: Qwertystad']],
    ['She works for Acme Widgets Ltd.', ['organisation: Acme Widgets Ltd.']],
    ['a Norwegian and two Germans', ['nationality: Norwegian', 'nationality: Germans']],
    ['the turkey was cold', []],
  ])('of places, firms and peoples should be found in %j', (text, values) =>
    expect(found(text, 'place', 'organisation', 'nationality')).toEqual(values),
  );
});

describe('addresses', () => {
  it.each<[string, string[]]>([
    ['221B Baker Street', ['address: 221B Baker Street']],
    ['I live at 12 Main St Apt. 4', ['address: 12 Main St Apt. 4']],
    ['Hauptstraße 5', ['address: Hauptstraße 5']],
    ['12 Rue de la Paix', ['address: 12 Rue de la Paix']],
    ['P.O. Box 77', ['address: P.O. Box 77']],
    ['a long street', []],
  ])('should be found in %j', (text, values) => expect(found(text, 'address')).toEqual(values));

  it('should go on with the lines below', () => {
    expect(found('Storgata 5\n0155 Oslo\nNorway', 'address', 'place')).toEqual([
      'address: Storgata 5',
      'address: 0155',
      'place: Oslo',
      'place: Norway',
    ]);
  });
});

describe('the found values', () => {
  it('should not lie over each other, and be in the order of the text', () => {
    const text =
      'Mr. Ole Berg (ole@berg.no, +47 22 33 44 55) lives at Storgata 5, Oslo, since 2001; card 4111 1111 1111 1111, https://berg.no/ole';
    const spans = findSpans(text);
    spans.slice(1).forEach((span, index) => expect(span.start).toBeGreaterThanOrEqual(spans[index]?.end ?? 0));
    expect(spans.map(({ kind }) => kind)).toEqual(['title', 'person', 'email', 'phone', 'address', 'place', 'date', 'card', 'url']);
  });

  it('should be none in an empty text', () => expect(findSpans('')).toEqual([]));

  it.each(['Aa ', '1 ', 'a.', 'Aa-', '(1) ', '12:', 'at 1 Aa, ', '\nAa', "Aa's of ", 'Mr. '])(
    'should be found in time that grows with the text alone: %p',
    (piece) => {
      const timeOf = (length: number): number => {
        const text = piece.repeat(length / piece.length);
        const times = [1, 2, 3].map(() => {
          const begun = process.cpuUsage();
          findSpans(text);
          // Processor time: what else runs on the machine does not count.
          const { user, system } = process.cpuUsage(begun);
          return (user + system) / 1_000;
        });
        return Math.min(...times);
      };
      // Four times the text: four times the time, where sixteen would be the square of it. Below 10 ms it is the clock that is measured.
      expect(timeOf(40_000)).toBeLessThan(10 * Math.max(10, timeOf(10_000)));
    },
  );
});
