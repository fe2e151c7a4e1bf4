import {
  type JsonObject,
  type Replicas,
  type ReplicaSpread,
  ANSWERS_COLUMN,
  REPLICAS_COLUMN,
  votersOf,
  type JsonSchema,
} from '@apwa/contracts';

/** What a judge says of several answers. */
export interface Verdict {
  /** The number of the answer, from 1. */
  choice: number;
  why: string;
}

/** How replicas of a stage become one answer. */
export interface Combination {
  /** How many more are to be asked, side by side; 0 if the result stands. `answers`: valid ones so far, of `asked`. */
  wanted(answers: readonly JsonObject[], asked: number): number;
  /** The result of at least one answer. `verdict`: of a judge, where there is one and something was to be chosen. */
  combine(answers: readonly JsonObject[], asked: number, verdict?: Verdict): JsonObject;
}

export const combinationOf = (replicas: Replicas, output: JsonSchema): Combination => {
  const { count } = replicas;
  const others = (asked: number) => count - asked;
  switch (replicas.combine) {
    case 'majority': {
      const voters = replicas.vote ?? votersOf(output);
      return {
        wanted: (answers, asked) => votesWanted(voters, count, answers, asked),
        combine: (answers, asked) => elect(voters, answers, asked),
      };
    }
    case 'best':
      return { wanted: (_, asked) => others(asked), combine: (answers, asked) => best(replicas.score, answers, asked) };
    case 'judge':
      return { wanted: (_, asked) => others(asked), combine: judged };
    case 'all':
      return {
        wanted: (_, asked) => others(asked),
        combine: (answers, asked) => ({
          [ANSWERS_COLUMN]: [...answers],
          ...spreadOf({ asked, answered: answers.length, agreement: null, ties: [] }),
        }),
      };
  }
};

const spreadOf = (spread: ReplicaSpread): JsonObject => ({ [REPLICAS_COLUMN]: { ...spread } });

interface Vote {
  /** As JSON: what is told apart. */
  readonly key: string;
  votes: number;
}

/** Votes for the values of a field, in the order in which they came up. */
const votesOf = (field: string, answers: readonly JsonObject[]): Vote[] => {
  const votes = new Map<string, Vote>();
  for (const answer of answers) {
    const key = JSON.stringify(answer[field] ?? null);
    const vote = votes.get(key) ?? { key, votes: 0 };
    vote.votes++;
    votes.set(key, vote);
  }
  return [...votes.values()];
};

const mostOf = (votes: readonly Vote[]): number => Math.max(0, ...votes.map((vote) => vote.votes));

/** As many as a majority of all replicas needs at least, and then those that are missing for it. */
const votesWanted = (voters: readonly string[], count: number, answers: readonly JsonObject[], asked: number): number => {
  const majority = Math.floor(count / 2) + 1;
  if (voters.length === 0) return count - asked;
  const missing = Math.max(...voters.map((field) => majority - mostOf(votesOf(field, answers))));
  return Math.max(0, Math.min(missing, count - asked));
};

const elect = (voters: readonly string[], answers: readonly JsonObject[], asked: number): JsonObject => {
  const ties: string[] = [];
  const chosen = voters.map((field) => {
    const votes = votesOf(field, answers);
    const most = mostOf(votes);
    const first = votes.filter((vote) => vote.votes === most);
    if (first.length > 1) ties.push(field);
    return { field, key: first[0]?.key ?? 'null' };
  });
  const agreed = (answer: JsonObject) => chosen.filter(({ field, key }) => JSON.stringify(answer[field] ?? null) === key).length;
  // What does not vote comes of the answer that is nearest to the vote.
  const nearest = answers.reduce((near, answer) => (agreed(answer) > agreed(near) ? answer : near));
  const result = { ...nearest };
  for (const { field, key } of chosen) result[field] = JSON.parse(key) as JsonObject[string];
  const agreement = answers.filter((answer) => agreed(answer) === chosen.length).length / answers.length;
  return { ...result, ...spreadOf({ asked, answered: answers.length, agreement, ties }) };
};

const best = (score: string, answers: readonly JsonObject[], asked: number): JsonObject => {
  const of = (answer: JsonObject) => (typeof answer[score] === 'number' ? answer[score] : -Infinity);
  const first = answers.reduce((most, answer) => (of(answer) > of(most) ? answer : most));
  const same = answers.filter((answer) => of(answer) === of(first)).length;
  const ties = same > 1 ? [score] : [];
  return { ...first, ...spreadOf({ asked, answered: answers.length, agreement: same / answers.length, ties }) };
};

const judged = (answers: readonly JsonObject[], asked: number, verdict?: Verdict): JsonObject => {
  const chosen = answers[(verdict?.choice ?? 1) - 1] as JsonObject;
  const key = JSON.stringify(chosen);
  const agreement = answers.filter((answer) => JSON.stringify(answer) === key).length / answers.length;
  return { ...chosen, ...spreadOf({ asked, answered: answers.length, agreement, ties: [], why: verdict?.why ?? null }) };
};

/** Whether there is something to choose among answers. */
export const differ = (answers: readonly JsonObject[]): boolean => new Set(answers.map((answer) => JSON.stringify(answer))).size > 1;
