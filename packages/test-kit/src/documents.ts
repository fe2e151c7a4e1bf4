import { crc32, deflateRawSync, deflateSync } from 'node:zlib';

/** A zip file with these entries. */
export const zipOf = (entries: Record<string, string | Buffer>): Buffer => {
  const local: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(entries)) {
    const bytes = Buffer.from(content);
    const packed = deflateRawSync(bytes);
    // What both headers have: version 2.0, deflate, no time, checksum, sizes, length of the name.
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(crc32(bytes), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(bytes.length, 18);
    common.writeUInt16LE(Buffer.byteLength(name), 22);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(offset, 10);
    local.push(Buffer.from('PK\x03\x04', 'latin1'), common, Buffer.from(name), packed);
    directory.push(Buffer.from('PK\x01\x02\x14\x00', 'latin1'), common, place, Buffer.from(name));
    offset += 4 + common.length + Buffer.byteLength(name) + packed.length;
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(Object.keys(entries).length, 8);
  end.writeUInt16LE(Object.keys(entries).length, 10);
  end.writeUInt32LE(listed.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...local, listed, end]);
};

const OFFICE = 'http://schemas.openxmlformats.org';
const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>';

/** A Word document of this body: `paragraph`s and other XML of Word. `more`: further entries, or others in place of its own. */
export const docxOf = (
  body: string,
  { title = '', more = {} }: { title?: string; more?: Record<string, string | Buffer> } = {},
): Buffer => {
  const part = (name: string, type: string) => `<Override PartName="/${name}" ContentType="application/vnd.openxmlformats-${type}+xml"/>`;
  const styles = [1, 2].map((level) => `<w:style w:type="paragraph" w:styleId="H${level}"><w:name w:val="heading ${level}"/></w:style>`);
  const related = (id: number, type: string, target: string) => `<Relationship Id="r${id}" Type="${OFFICE}/${type}" Target="${target}"/>`;
  const relations = (...all: string[]) =>
    `${XML}<Relationships xmlns="${OFFICE}/package/2006/relationships">${all.join('')}</Relationships>`;
  return zipOf({
    '[Content_Types].xml': `${XML}<Types xmlns="${OFFICE}/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>${part('word/document.xml', 'officedocument.wordprocessingml.document.main')}${part('word/styles.xml', 'officedocument.wordprocessingml.styles')}</Types>`,
    '_rels/.rels': relations(related(1, 'officeDocument/2006/relationships/officeDocument', 'word/document.xml')),
    'docProps/core.xml': `${XML}<c:coreProperties xmlns:c="c" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>${title}</dc:title></c:coreProperties>`,
    'word/_rels/document.xml.rels': relations(related(1, 'officeDocument/2006/relationships/styles', 'styles.xml')),
    'word/styles.xml': `${XML}<w:styles xmlns:w="${OFFICE}/wordprocessingml/2006/main">${styles.join('')}</w:styles>`,
    'word/document.xml': `${XML}<w:document xmlns:w="${OFFICE}/wordprocessingml/2006/main"><w:body>${body}</w:body></w:document>`,
    ...more,
  });
};

/** A paragraph of a Word document, a heading with a level. */
export const paragraph = (text: string, level?: 1 | 2): string =>
  `<w:p>${level ? `<w:pPr><w:pStyle w:val="H${level}"/></w:pPr>` : ''}<w:r><w:t xml:space="preserve">${text}</w:t></w:r></w:p>`;

/** A piece of text on a page, from its lower left corner. In points; letters are those of Helvetica, in ASCII. */
export interface PdfText {
  text: string;
  x: number;
  y: number;
  size: number;
}

/** A PDF of pages with these texts. */
export const pdfOf = (pages: readonly PdfText[][], { title }: { title?: string } = {}): Buffer => {
  const escaped = (text: string): string => text.replace(/[\\()]/g, '\\$&');
  const contents = pages.map((texts) =>
    texts.map(({ text, x, y, size }) => `BT /F ${size} Tf 1 0 0 1 ${x} ${y} Tm (${escaped(text)}) Tj ET`).join('\n'),
  );
  return pdfOfContents(contents, { info: title === undefined ? '' : `/Title (${escaped(title)})` });
};

/** A PDF of pages with these operators. `forms` can be drawn by them, and by each other, as `/X0 Do`, `/X1 Do` and so on. */
export const pdfOfContents = (
  contents: readonly string[],
  { info = '', trailer = '', forms = [] }: { info?: string; trailer?: string; forms?: string[] } = {},
): Buffer => {
  const [font, firstForm] = [3, 4];
  const firstPage = firstForm + forms.length;
  const infoAt = firstPage + 2 * contents.length;
  const drawn = forms.map((_, at) => `/X${at} ${firstForm + at} 0 R`).join(' ');
  const resources = `/Resources << /Font << /F ${font} 0 R >> /XObject << ${drawn} >> >>`;
  const stream = (entries: string, content: string): Buffer => {
    const packed = deflateSync(content);
    return Buffer.concat([
      Buffer.from(`<< ${entries} /Filter /FlateDecode /Length ${packed.length} >>\nstream\n`),
      packed,
      Buffer.from('\nendstream'),
    ]);
  };
  const objects: (string | Buffer)[] = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    `<< /Type /Pages /Kids [${contents.map((_, at) => `${firstPage + 2 * at} 0 R`).join(' ')}] /Count ${contents.length} >>`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>',
    ...forms.map((form) => stream(`/Type /XObject /Subtype /Form /BBox [0 0 600 800] ${resources}`, form)),
    ...contents.flatMap((content, at) => [
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] ${resources} /Contents ${firstPage + 2 * at + 1} 0 R >>`,
      stream('', content),
    ]),
    `<< ${info} >>`,
  ];
  const pieces = [Buffer.from('%PDF-1.4\n')];
  let length = pieces[0]?.length ?? 0;
  const offsets = objects.map((object, at) => {
    const piece = Buffer.concat([Buffer.from(`${at + 1} 0 obj\n`), Buffer.from(object), Buffer.from('\nendobj\n')]);
    pieces.push(piece);
    const offset = length;
    length += piece.length;
    return `${String(offset).padStart(10, '0')} 00000 n \n`;
  });
  pieces.push(
    Buffer.from(
      `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${offsets.join('')}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R /Info ${infoAt} 0 R ${trailer} >>\nstartxref\n${length}\n%%EOF\n`,
    ),
  );
  return Buffer.concat(pieces);
};

/** A PDF that needs a password which nobody knows. */
export const encryptedPdf = (): Buffer => {
  const key = '0123456789abcdef'.repeat(4);
  return pdfOfContents([''], {
    trailer: `/ID [<${key.slice(0, 32)}> <${key.slice(0, 32)}>] /Encrypt << /Filter /Standard /V 1 /R 2 /O <${key}> /U <${key}> /P -4 >>`,
  });
};

/** A small PDF whose text nobody lives to see the end of: each form draws the next ten times. */
export const endlessPdf = (): Buffer => {
  const depth = 12;
  const forms = Array.from({ length: depth }, (_, at) => (at === depth - 1 ? 'BT /F 12 Tf (x) Tj ET' : `/X${at + 1} Do\n`.repeat(10)));
  return pdfOfContents(['/X0 Do'], { forms });
};
