import { type RowErrorCode } from '@apwa/contracts';

/** What a file is read as. */
export type DocumentFormat = 'pdf' | 'docx' | 'html' | 'latex' | 'xml' | 'markdown' | 'text';

/** A place in a text, in characters as SQL counts them, from 0. */
export interface PageStart {
  page: number;
  start: number;
}

export interface HeadingStart {
  level: number;
  text: string;
  start: number;
}

/** A document as a row of its table. */
export interface DocumentContent {
  format: DocumentFormat;
  title: string | null;
  text: string;
  headings: HeadingStart[];
  /** Where pages begin; null for what has no pages of its own. */
  pages: PageStart[] | null;
}

export interface DocumentLimits {
  /** The largest file, unpacked if its name ends in `.gz`. */
  maxDocumentBytes: number;
  /** The longest text. */
  maxRowBytes: number;
  maxInflatedBytes: number;
}

export type DocumentErrorCode = Extract<RowErrorCode, `document_${string}`>;

/** Why a file gives no text: its row fails with it, and the others go on. */
export class DocumentFault extends Error {
  constructor(
    readonly code: DocumentErrorCode,
    /** A clause without the file's name. */
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(reason, options);
  }
}
