/**
 * How many calls may be under way where the endpoint says nothing of its limits: any number until it refuses calls, half of those
 * that were under way after each burst of refusals, and more with each answer.
 */
export interface Window {
  size: number;
  cutAt: number;
}

/** Refusals within this time after a cut are of the same burst. Milliseconds. */
const BURST_MS = 1_000;
/** Per answer: a cut by half is made good after some eight answers for each call under way. */
const GROWTH = 1 / 8;
/** A window of this size limits nothing any more. */
const UNLIMITED = 100_000;

export const newWindow = (): Window => ({ size: Infinity, cutAt: -Infinity });

export const windowSaw = (window: Window, now: number, news: { answered: number; refused: number }, inFlight: number): void => {
  if (news.refused > 0 && now - window.cutAt >= BURST_MS) {
    window.size = Math.max(1, Math.min(window.size, inFlight) / 2);
    window.cutAt = now;
  }
  window.size += news.answered * GROWTH;
  if (window.size > UNLIMITED) window.size = Infinity;
};
