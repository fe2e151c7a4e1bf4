import { Logger } from '@nestjs/common';

/** What is logged from now on, instead of being printed, as `level: text`. */
export const catchLog = (): { lines: string[]; release: () => void } => {
  const lines: string[] = [];
  const note = (level: string) => (text: unknown) => void lines.push(`${level}: ${String(text)}`);
  Logger.overrideLogger({ log: note('log'), warn: note('warn'), error: note('error'), debug: note('debug') });
  return { lines, release: () => void Logger.overrideLogger(true) };
};
