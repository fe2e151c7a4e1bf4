import { type DocumentFormat, DocumentFault } from './document.js';

const ENDINGS: Record<DocumentFormat, readonly string[]> = {
  pdf: ['pdf'],
  docx: ['docx'],
  html: ['html', 'htm', 'xhtml'],
  latex: ['tex', 'latex'],
  xml: ['xml'],
  markdown: ['md', 'markdown'],
  text: ['txt', 'text', 'rst', 'log', 'eml'],
};
const byEnding = new Map(Object.entries(ENDINGS).flatMap(([format, endings]) => endings.map((one) => [one, format as DocumentFormat])));
const KNOWN = [...byEnding.keys()].map((ending) => `.${ending}`).join(', ');

/** Where readers of PDF look for its mark. */
const HEAD_BYTES = 1_024;
/** Files of the old Office, and encrypted ones of the new. */
const COMPOUND = Buffer.from('d0cf11e0a1b11ae1', 'hex');
const ENCRYPTED = Buffer.from('EncryptedPackage', 'utf16le');

/** What a file is: its content says it where it has a mark, otherwise its ending. Throws `DocumentFault`. */
export const kindOf = (name: string, bytes: Buffer): DocumentFormat => {
  const ending = /\.([a-z0-9]+)$/i.exec(name.replace(/\.gz$/i, ''))?.[1]?.toLowerCase() ?? '';
  const byName = byEnding.get(ending);
  const head = bytes.subarray(0, HEAD_BYTES).toString('latin1');
  if (bytes.subarray(0, COMPOUND.length).equals(COMPOUND)) {
    if (bytes.includes(ENCRYPTED)) throw new DocumentFault('document_encrypted', 'it is an Office document that needs a password');
    throw new DocumentFault('document_unknown', 'it is a document of the old Office; saved as .docx it can be read');
  }
  if (byName !== 'text' && byName !== 'markdown' && byName !== 'latex' ? head.includes('%PDF-') : head.startsWith('%PDF-')) return 'pdf';
  if (head.startsWith('PK\x03\x04')) return 'docx';
  if (byName === 'pdf' || byName === 'docx' || byName === undefined) {
    // An error page that was saved under another name, and XML.
    if (/^\S{0,3}\s*(<!doctype html|<html)/i.test(head)) return 'html';
    if (/^\S{0,3}<\?xml\s/.test(head)) return 'xml';
  }
  if (byName === 'pdf' || byName === 'docx') throw new DocumentFault('document_broken', `it ends in .${ending} and is none`);
  if (byName === undefined)
    throw new DocumentFault('document_unknown', `neither its ending nor its content says what it is; known endings are ${KNOWN}`);
  return byName;
};
