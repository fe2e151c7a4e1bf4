/** What keys of the large providers look like, for those that are not ours to know. */
const KEYS = /\b(?:sk|pk|rk|gsk|xai|key|AIza)[-_][A-Za-z0-9_*.-]{8,}|\bAIza[A-Za-z0-9_-]{20,}|\bBearer\s+\S+/gi;
const EXCERPT = 300;

/** A provider's words without keys, in one line, shortened. */
export const redact = (text: string, secret: string | undefined): string => {
  let clean = text;
  if (secret)
    for (const form of [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]) clean = clean.replaceAll(form, '[key]');
  clean = clean.replaceAll(KEYS, '[key]').replaceAll(/\s+/g, ' ').trim();
  return clean.length > EXCERPT ? `${clean.slice(0, EXCERPT)}…` : clean;
};
