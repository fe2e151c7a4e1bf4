const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB'];

/** `812 bytes`, `1.2 MB`, `340 GB`. */
export const size = (bytes: number): string => {
  const power = bytes < 1_000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1_000 ** power;
  return `${power === 0 || value >= 100 ? Math.floor(value) : value.toFixed(1)} ${UNITS[power]}`;
};

/** `1 table`, `3 tables`. */
export const counted = (count: number, what: string): string => `${count.toLocaleString('en-US')} ${what}${count === 1 ? '' : 's'}`;
