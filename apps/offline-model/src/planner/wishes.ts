/** What a part of a goal asks for. */
export type Wish =
  /** Every value of some types; all types of personal data if none are named. */
  | { kind: 'entities'; types: string[] }
  /** The text with the values replaced by their types. */
  | { kind: 'redaction'; types: string[] }
  /** One label of several; with none given, a short one of the worker's own choice. */
  | { kind: 'label'; name: string; labels: string[]; phrase: string }
  /** A named piece of information: one, or a list of all. */
  | { kind: 'field'; name: string; type: 'text' | 'number' | 'list'; phrase: string }
  | { kind: 'summary'; sentences: number | null; phrase: string }
  /** A question that is answered by yes or no. `keep`: only the rows with yes are wanted. */
  | { kind: 'question'; phrase: string; keep: boolean }
  | { kind: 'score'; name: string; least: number; most: number; phrase: string }
  /** Anything else that is to be said about a row, in free text. */
  | { kind: 'answer'; name: string; phrase: string }
  | Aggregate
  | { kind: 'sorting'; by: string; descending: boolean; most: number | null }
  | { kind: 'distinct' };

export interface Aggregate {
  kind: 'aggregate';
  function: 'count' | 'sum' | 'avg' | 'min' | 'max' | 'median' | 'distinct';
  /** What is counted or measured: `the findings`, `price`. */
  what: string;
  /** What it is told by: `type`, `country`. */
  by: string[];
  /** Only the first so many groups. */
  most: number | null;
  /** The groups with the least come first. */
  ascending: boolean;
}

export type PropertyWish = Exclude<Wish, Aggregate | { kind: 'sorting' | 'distinct' }>;
export type TableWish = Exclude<Wish, PropertyWish>;

export const isPropertyWish = (wish: Wish): wish is PropertyWish => !['aggregate', 'sorting', 'distinct'].includes(wish.kind);

/** `WHERE column operator value`, said in the goal. */
export interface Condition {
  column: string;
  operator: '=' | '>' | '>=' | '<' | '<=' | '<>';
  value: string;
}
