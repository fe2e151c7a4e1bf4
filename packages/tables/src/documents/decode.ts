import { BadRow } from '../imports/bad-input.js';
import { decodeText } from '../imports/text-bytes.js';
import { DocumentFault } from './document.js';

const HEAD_BYTES = 4_096;

/**
 * Bytes as text: by their byte order mark, else by the encoding that `declared` finds in the beginning, else as UTF-8. Throws
 * `DocumentFault`: no encoding is guessed.
 */
export const decodeDocument = (bytes: Buffer, name: string, declared: RegExp | null = null): string => {
  const marked = bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : null;
  const label = marked ?? (declared && declared.exec(bytes.subarray(0, HEAD_BYTES).toString('latin1'))?.[1]) ?? 'utf-8';
  const decoder = decoderOf(label);
  if (decoder.encoding !== 'utf-8') {
    try {
      return decoder.decode(bytes);
    } catch (cause) {
      throw new DocumentFault('document_broken', `it is no text in ${label}, which it says it is`, { cause });
    }
  }
  try {
    const text = decodeText(bytes, name, 1).replace(/^\ufeff/, '');
    if (text.includes('\0')) throw new DocumentFault('document_broken', 'it holds NUL characters: it is no text');
    return text;
  } catch (thrown) {
    if (!(thrown instanceof BadRow)) throw thrown;
    throw new DocumentFault('document_broken', `line ${thrown.line}: ${thrown.reason}, and no encoding is declared`, { cause: thrown });
  }
};

const decoderOf = (label: string): InstanceType<typeof TextDecoder> => {
  try {
    return new TextDecoder(label, { fatal: true });
  } catch (cause) {
    throw new DocumentFault('document_broken', `its encoding ${label.slice(0, 40)} is not known`, { cause });
  }
};
