import { type LocalFile } from '../jobs/protocol.js';
import { BadRow } from './bad-input.js';
import { tooLarge } from './jsonl.js';
import { type RowReader, TEXT_COLUMNS } from './rows.js';
import { readSource, type SourceLimits } from './source.js';
import { decodeText } from './text-bytes.js';

const KEYS = TEXT_COLUMNS.map(({ name }) => name);

/** A text file as one row: its name, its text, the text's bytes. */
export const textReader = (file: LocalFile, limits: SourceLimits): RowReader =>
  async function* ({ bad }) {
    try {
      const bytes = await readWhole(file, limits);
      const text = decodeText(bytes, file.name, 1).replace(/^\ufeff/, '');
      yield [{ line: 1, bytes: bytes.length, keys: KEYS, values: [file.name.replace(/\.gz$/i, ''), text, Buffer.byteLength(text)] }];
    } catch (thrown) {
      if (!(thrown instanceof BadRow)) throw thrown;
      bad(thrown);
    }
  };

const readWhole = async (file: LocalFile, limits: SourceLimits): Promise<Buffer> => {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of readSource(file, limits)) {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes > limits.maxRowBytes) throw tooLarge(file, limits, 1, Buffer.concat(pieces));
  }
  if (bytes === 0) throw new BadRow(file.name, null, 'the file is empty', '', 'a text');
  return Buffer.concat(pieces);
};
