import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { getDocument, VerbosityLevel } from 'pdfjs-dist/legacy/build/pdf.mjs';
import { type ReadDocument } from './blocks.js';
import { DocumentFault } from './document.js';
import { linesOf, type Line, pageBlocks, styleOf } from './pdf-layout.js';

const assets = dirname(createRequire(import.meta.url).resolve('pdfjs-dist/package.json'));

/** What names the reasons for which a document is not opened. */
const REASONS: Record<string, DocumentFault> = {
  PasswordException: new DocumentFault('document_encrypted', 'it needs a password'),
  InvalidPDFException: new DocumentFault('document_broken', 'it is no complete PDF'),
};

/**
 * A PDF's text, page by page. It says nothing of structure: headings are told by the size of their letters, tables by cells that stand below each
 * other. A PDF without any text, such as a scanned one, is a fault.
 */
export const readPdf = async (bytes: Buffer, { maxRowBytes }: { maxRowBytes: number }): Promise<ReadDocument> => {
  const task = getDocument({
    data: new Uint8Array(bytes),
    // Files of the package: nothing is fetched, and no font of the machine makes a difference.
    cMapUrl: join(assets, 'cmaps/'),
    cMapPacked: true,
    standardFontDataUrl: join(assets, 'standard_fonts/'),
    wasmUrl: join(assets, 'wasm/'),
    useSystemFonts: false,
    disableFontFace: true,
    enableXfa: false,
    verbosity: VerbosityLevel.ERRORS,
  });
  try {
    const document = await task.promise.catch((thrown: unknown) => {
      const name = thrown instanceof Error ? thrown.name : '';
      throw REASONS[name] ?? thrown;
    });
    const { info } = await document.getMetadata();
    const pages: Line[][] = [];
    let characters = 0;
    for (let number = 1; number <= document.numPages; number++) {
      const page = await document.getPage(number);
      const lines = linesOf((await page.getTextContent()).items);
      page.cleanup();
      pages.push(lines);
      characters += lines.reduce((sum, line) => sum + line.characters, 0);
      if (characters > maxRowBytes) throw new DocumentFault('document_too_large', `its text is longer than ${maxRowBytes} bytes`);
    }
    if (characters === 0) throw new DocumentFault('document_empty', `none of its ${pages.length} pages holds text: it may be scanned`);
    const style = styleOf(pages.flat());
    const title = (info as { Title?: unknown }).Title;
    return {
      format: 'pdf',
      title: typeof title === 'string' && title.trim() !== '' ? title.trim() : null,
      blocks: pages.flatMap((lines, at) => [{ kind: 'page' as const, page: at + 1 }, ...pageBlocks(lines, style)]),
    };
  } finally {
    await task.destroy();
  }
};
