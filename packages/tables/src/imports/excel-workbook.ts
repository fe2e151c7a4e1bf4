import { isoDate, isoTimestamp } from '../types/iso-time.js';
import { type LocalFile } from '../jobs/protocol.js';
import { badInput } from './bad-input.js';
import { walkXml } from './xml.js';
import { type ZipArchive } from './zip-archive.js';

/** How a number is shown, as far as it says that it is no quantity. */
export type NumberShow = 'number' | 'date' | 'timestamp' | 'time';

export interface Workbook {
  /** Path of the sheet's entry. */
  sheetPath: string;
  sharedTexts: string[];
  /** By a cell's style. */
  shows: NumberShow[];
  /** Days count from 1904, as old Macs had it. */
  from1904: boolean;
}

/** What a workbook says beside its sheets. Refuses a sheet that is not there. */
export const readWorkbook = async (archive: ZipArchive, file: LocalFile, sheet: string | undefined): Promise<Workbook> => {
  const sheets: { name: string; id: string }[] = [];
  let from1904 = false;
  await walkXml(archive.read('xl/workbook.xml'), {
    open: (name, attributes) => {
      if (name === 'sheet') sheets.push({ name: attributes['name'] ?? '', id: relationOf(attributes) });
      if (name === 'workbookPr') from1904 = ['1', 'true'].includes(attributes['date1904'] ?? '');
    },
  });
  const names = sheets.map(({ name }) => name).join(', ');
  const chosen = sheet === undefined ? sheets[0] : sheets.find(({ name }) => name === sheet);
  if (!chosen)
    throw badInput(file.name, null, sheet === undefined ? 'it has no sheet' : `it has no sheet ${sheet}`, { value: sheet, allowed: names });
  let target = '';
  await walkXml(archive.read('xl/_rels/workbook.xml.rels'), {
    open: (name, attributes) => {
      if (name === 'Relationship' && attributes['Id'] === chosen.id) target = attributes['Target'] ?? '';
    },
  });
  return {
    sheetPath: target.startsWith('/') ? target.slice(1) : `xl/${target}`,
    sharedTexts: archive.has('xl/sharedStrings.xml') ? await readSharedTexts(archive) : [],
    shows: archive.has('xl/styles.xml') ? await readShows(archive) : [],
    from1904,
  };
};

const relationOf = (attributes: Record<string, string>): string =>
  Object.entries(attributes).find(([name]) => name.endsWith(':id'))?.[1] ?? '';

/** Characters that XML cannot hold stand as `_x000D_`. */
export const unescapeText = (text: string): string =>
  text.includes('_x') ? text.replace(/_x([0-9A-Fa-f]{4})_/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16))) : text;

const readSharedTexts = async (archive: ZipArchive): Promise<string[]> => {
  const texts: string[] = [];
  let current = '';
  let [within, phonetic] = [false, false];
  await walkXml(archive.read('xl/sharedStrings.xml'), {
    open: (name) => {
      if (name === 'si') current = '';
      else if (name === 'rPh') phonetic = true;
      else if (name === 't') within = !phonetic;
    },
    text: (text) => {
      if (within) current += text;
    },
    close: (name) => {
      if (name === 't') within = false;
      else if (name === 'rPh') phonetic = false;
      else if (name === 'si') texts.push(unescapeText(current));
    },
  });
  return texts;
};

const readShows = async (archive: ZipArchive): Promise<NumberShow[]> => {
  const codes = new Map<number, string>();
  const shows: NumberShow[] = [];
  let cells = false;
  await walkXml(archive.read('xl/styles.xml'), {
    open: (name, attributes) => {
      if (name === 'numFmt') codes.set(Number(attributes['numFmtId']), attributes['formatCode'] ?? '');
      else if (name === 'cellXfs') cells = true;
      else if (name === 'xf' && cells) shows.push(showOf(Number(attributes['numFmtId'] ?? 0), codes));
    },
    close: (name) => {
      if (name === 'cellXfs') cells = false;
    },
  });
  return shows;
};

/** The formats that every workbook has, by their numbers; those of East Asia are dates as well. */
const showOf = (format: number, codes: ReadonlyMap<number, string>): NumberShow => {
  const code = codes.get(format);
  if (code === undefined) {
    if (format === 22) return 'timestamp';
    if ((format >= 18 && format <= 21) || (format >= 45 && format <= 47)) return 'time';
    return (format >= 14 && format <= 17) || (format >= 27 && format <= 36) || (format >= 50 && format <= 58) ? 'date' : 'number';
  }
  // Texts, escaped characters, colours and places are no part of the pattern; `[h]` is.
  const pattern = code.replace(/"[^"]*"|\\.|_.|\[(?!h+\]|m+\]|s+\])[^\]]*\]/gi, '').toLowerCase();
  const [day, time] = [/[yd]/.test(pattern), /[hs]/.test(pattern)];
  if (day) return time ? 'timestamp' : 'date';
  return time ? 'time' : 'number';
};

/** Days from the 30th of December 1899 to 1970; and what a count from 1904 begins later. */
const EPOCH_DAYS = 25_569;
const DAYS_TO_1904 = 1_462;
const DAY_MS = 86_400_000;

/** A day's number as ISO text. Excel counts a 29th of February 1900 that was none. */
export const showNumber = (value: number, show: NumberShow, from1904: boolean): string => {
  if (show === 'number' || !Number.isFinite(value) || Math.abs(value) > 3_000_000) return String(value);
  const serial = from1904 ? value + DAYS_TO_1904 : value > 0 && value < 60 ? value + 1 : value;
  if (show === 'date' && Number.isInteger(value)) return isoDate(serial - EPOCH_DAYS);
  if (show === 'time' && value >= 0 && value < 1)
    return isoTimestamp(BigInt(Math.round(value * DAY_MS)) * 1_000n).slice('1970-01-01T'.length);
  return isoTimestamp(BigInt(Math.round((serial - EPOCH_DAYS) * DAY_MS)) * 1_000n);
};
