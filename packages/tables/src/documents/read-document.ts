import { readFile } from 'node:fs/promises';
import { type LocalFile } from '../jobs/protocol.js';
import { TooMuch, unpackTo } from '../imports/source.js';
import { headingsOf } from '../text/sections.js';
import { CharacterCounter } from '../text/split-text.js';
import { oneLine, type ReadDocument, renderBlocks } from './blocks.js';
import { decodeDocument } from './decode.js';
import { type DocumentContent, DocumentFault, type DocumentLimits } from './document.js';
import { kindOf } from './kinds.js';

/** In characters. */
const LONGEST_TITLE = 500;
const HTML_CHARSET = /<meta[^>]+charset\s*=\s*["']?\s*([\w-]+)/i;
const XML_ENCODING = /^<\?xml[^>]*\sencoding\s*=\s*["']([\w.-]+)["']/i;
const LATEX_ENCODING = /\\usepackage\s*\[\s*(latin1|cp125\d)\s*\]\s*\{inputenc\}/;

/** The text of a file with its structure. Throws `DocumentFault`, whatever is wrong with the file. */
export const readDocument = async (file: LocalFile, unpackedPath: string, limits: DocumentLimits): Promise<DocumentContent> => {
  try {
    if (file.bytes > limits.maxDocumentBytes) throw tooLarge(limits);
    const unpacked = await unpackTo(file, unpackedPath, { ...limits, maxInflatedBytes: limits.maxDocumentBytes });
    const bytes = await readFile(unpacked.path);
    if (bytes.length === 0) throw new DocumentFault('document_empty', 'the file is empty');
    return contentOf(await read(unpacked, bytes, limits), limits);
  } catch (thrown) {
    throw faultOf(thrown, file.name, limits);
  }
};

const tooLarge = ({ maxDocumentBytes }: DocumentLimits, cause?: unknown): DocumentFault =>
  new DocumentFault(
    'document_too_large',
    `it is larger than ${maxDocumentBytes} bytes (limits.import.maxDocumentBytes), or what is packed in it`,
    {
      cause,
    },
  );

const faultOf = (thrown: unknown, name: string, limits: DocumentLimits): DocumentFault => {
  if (thrown instanceof DocumentFault) return thrown;
  if (thrown instanceof TooMuch) return tooLarge(limits, thrown);
  if (thrown instanceof RangeError) return new DocumentFault('document_broken', 'it is nested too deeply', { cause: thrown });
  const reason = (thrown instanceof Error ? thrown.message : String(thrown)).replace(/\.$/, '').replace(`${name}: `, '');
  return new DocumentFault('document_broken', reason, { cause: thrown });
};

/** Each reader is loaded with the first file of its kind. */
const read = async (
  file: LocalFile,
  bytes: Buffer,
  limits: DocumentLimits,
): Promise<ReadDocument | { format: 'markdown' | 'text'; text: string }> => {
  const format = kindOf(file.name, bytes);
  switch (format) {
    case 'pdf':
      return (await import('./pdf.js')).readPdf(bytes, limits);
    case 'docx':
      return (await import('./docx.js')).readDocx(file, bytes, limits);
    case 'html': {
      const html = decodeDocument(bytes, file.name, HTML_CHARSET);
      return { format, ...(await import('./html.js')).htmlBlocks(html) };
    }
    case 'latex':
      return (await import('./latex.js')).readLatex(decodeDocument(bytes, file.name, LATEX_ENCODING));
    case 'xml':
      return (await import('./xml-document.js')).readXmlDocument(decodeDocument(bytes, file.name, XML_ENCODING));
    case 'markdown':
    case 'text':
      return { format, text: decodeDocument(bytes, file.name) };
  }
};

const contentOf = (document: Awaited<ReturnType<typeof read>>, limits: DocumentLimits): DocumentContent => {
  const { text, pages } = 'blocks' in document ? renderBlocks(document.blocks) : { text: document.text.replace(/\r\n?/g, '\n'), pages: [] };
  if (text.trim() === '') throw new DocumentFault('document_empty', 'it holds no text');
  if (Buffer.byteLength(text) > limits.maxRowBytes)
    throw new DocumentFault('document_too_large', `its text is longer than ${limits.maxRowBytes} bytes (limits.import.maxRowBytes)`);
  const [headingStarts, pageStarts] = [new CharacterCounter(text), new CharacterCounter(text)];
  const headings = headingsOf(text).map(({ at, level, title }) => ({ level, text: title, start: headingStarts.upTo(at) }));
  const title = ('title' in document ? document.title : null) ?? headings.find(({ level }) => level === 1)?.text ?? null;
  return {
    format: document.format,
    title: title === null ? null : oneLine(title).slice(0, LONGEST_TITLE),
    text,
    headings,
    pages: document.format === 'pdf' ? pages.map(({ page, at }) => ({ page, start: pageStarts.upTo(at) })) : null,
  };
};
