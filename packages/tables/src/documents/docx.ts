import mammoth from 'mammoth';
import { type LocalFile } from '../jobs/protocol.js';
import { walkXml } from '../imports/xml.js';
import { ZipArchive } from '../imports/zip-archive.js';
import { type ReadDocument } from './blocks.js';
import { DocumentFault, type DocumentLimits } from './document.js';
import { htmlBlocks } from './html.js';

const PARTS = /\.(xml|rels)$/i;
const STYLES = ["p[style-name='Title'] => h1:fresh", "p[style-name='Subtitle'] => p:fresh"];

/**
 * A Word document. Before it is parsed all of its XML is unpacked once, piece by piece: so that a small file that becomes a huge
 * one, and one with a document type, is refused before anything holds it.
 */
export const readDocx = async (file: LocalFile, bytes: Buffer, limits: DocumentLimits): Promise<ReadDocument> => {
  const title = await check(file, limits);
  const { value } = await mammoth.convertToHtml(
    { buffer: bytes },
    { styleMap: STYLES, convertImage: mammoth.images.imgElement(() => Promise.resolve({ src: '' })) },
  );
  return { format: 'docx', title, blocks: htmlBlocks(value).blocks };
};

const check = async (file: LocalFile, limits: DocumentLimits): Promise<string | null> => {
  const archive = await ZipArchive.open(file, { ...limits, maxInflatedBytes: Math.min(limits.maxInflatedBytes, limits.maxDocumentBytes) });
  try {
    if (!archive.has('word/document.xml'))
      throw new DocumentFault('document_unknown', 'it is a zip file, and no Word document (.docx): it has no word/document.xml');
    let title = '';
    let within = false;
    for (const name of archive.names().filter((one) => PARTS.test(one)))
      await walkXml(archive.read(name), {
        open: (tag) => (within = name === 'docprops/core.xml' && tag === 'title'),
        text: (text) => {
          if (within) title += text;
        },
        close: () => (within = false),
      });
    return title.trim() || null;
  } finally {
    archive.close();
  }
};
