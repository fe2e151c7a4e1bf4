import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { type DocumentFault } from '../document.js';
import { readDocument } from '../read-document.js';
import { type ReaderReply, type ReaderRequest } from './protocol.js';

/** The pipe on which answers are read. */
const REPLY = 3;

/** A reader's process: reads one document after the other, each a line of JSON that asks and one that answers. */
const answer = (reply: ReaderReply): void => {
  const bytes = Buffer.from(`${JSON.stringify(reply)}\n`);
  for (let written = 0; written < bytes.length;) {
    try {
      written += writeSync(REPLY, bytes, written);
    } catch (thrown) {
      // The pipe is full: whoever asked reads on.
      if ((thrown as NodeJS.ErrnoException).code !== 'EAGAIN') throw thrown;
    }
  }
};

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const { file, unpackedPath, limits } = JSON.parse(line) as ReaderRequest;
  readDocument(file, unpackedPath, limits).then(
    (document) => answer({ document }),
    (thrown: unknown) => {
      const { code, reason } = thrown as DocumentFault;
      answer({ fault: { code, reason } });
    },
  );
});
// Whoever asked is gone.
lines.once('close', () => process.exit(1));
