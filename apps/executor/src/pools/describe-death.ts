import { excerpt, type MemberEnd } from '@apwa/contracts';
import { z } from 'zod';
import { type MemberDeath } from './pool-backend.js';

/** `exit code 2: no model of the name "x"`: how a member ended, with the line that tells most or the reason why it had to. */
export const describeDeath = ({ end, asked, why, lastLines }: Omit<MemberDeath, 'instance'>): string => {
  if (why !== null) return `${why} (${describeEnd(end)})`;
  const line = asked || end.kind === 'not_started' ? undefined : tellingLine(lastLines);
  return line ? `${describeEnd(end)}: ${excerpt(line, 300)}` : describeEnd(end);
};

const describeEnd = (end: MemberEnd): string => {
  switch (end.kind) {
    case 'exited':
      return `exit code ${end.code}`;
    case 'killed':
      return `signal ${end.signal}`;
    case 'not_started':
      return `could not be started: ${end.message}`;
    case 'lost':
      return `lost: ${end.message}`;
  }
};

/** A line of a service's log; others are plain text. */
const LogLine = z.object({ level: z.string(), msg: z.string() });

/** The last that speaks of an error, not the stack and the version of Node below it; without one, nothing is known. */
const tellingLine = (lines: readonly string[]): string | undefined => {
  const told = lines.flatMap((line) => {
    const log = LogLine.safeParse(parsed(line));
    if (log.success) return ['error', 'fatal'].includes(log.data.level) ? [log.data.msg] : [];
    return /^\S*(error|fatal)\b/i.test(line) ? [line] : [];
  });
  return told.at(-1);
};

const parsed = (line: string): unknown => {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
};
