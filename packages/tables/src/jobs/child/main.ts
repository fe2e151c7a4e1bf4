import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { ApwaError } from '@apwa/contracts';
import { type JobReply, type JobRequest } from '../protocol.js';
import { runJob } from './run-job.js';

/** The pipe on which the parent reads the answer. */
const REPLY = 3;

const reply = (answer: JobReply): never => {
  const bytes = Buffer.from(`${JSON.stringify(answer)}\n`);
  for (let written = 0; written < bytes.length;) {
    try {
      written += writeSync(REPLY, bytes, written);
    } catch (thrown) {
      // The pipe is full: the parent reads on.
      if ((thrown as NodeJS.ErrnoException).code !== 'EAGAIN') throw thrown;
    }
  }
  process.exit(0);
};

const lines = createInterface({ input: process.stdin });
lines.once('line', (line) => {
  runJob(JSON.parse(line) as JobRequest).then(
    (result) => reply({ result }),
    (thrown: unknown) => reply({ error: ApwaError.from(thrown).toPayload() }),
  );
});
// The parent is gone: nobody waits for the result.
lines.once('close', () => process.exit(1));
