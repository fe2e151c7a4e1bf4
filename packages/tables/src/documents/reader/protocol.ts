import { type LocalFile } from '../../jobs/protocol.js';
import { type DocumentContent, type DocumentErrorCode, type DocumentLimits } from '../document.js';

export interface ReaderRequest {
  file: LocalFile;
  /** Where a packed file is unpacked to. */
  unpackedPath: string;
  limits: DocumentLimits;
}

export type ReaderReply = { document: DocumentContent } | { fault: { code: DocumentErrorCode; reason: string } };
