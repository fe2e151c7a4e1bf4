import { counted, size } from '../display/bytes.js';
import { EXIT, type ExitCode } from '../exit.js';
import { readAge } from '../inputs/age.js';
import { print, quietDisplay } from '../output.js';
import { withSession } from '../session.js';
import type { JsonOption } from './runs.js';

export interface StorageCheckOptions extends JsonOption {
  olderThan: string;
  remove?: boolean;
}

/** `apwa storage check`: tells what nothing names any more, and removes it if wanted. */
export const checkStorage = async ({ olderThan, remove = false, json }: StorageCheckOptions): Promise<ExitCode> => {
  const age = readAge('--older-than', olderThan);
  return withSession(quietDisplay(), async ({ client, interrupt }) => {
    for await (const event of client.storage.check({ olderThan: age, remove }, { signal: interrupt.signal })) {
      if (json) print(JSON.stringify(event));
      else if (event.type === 'orphan')
        print(`${event.key}  ${size(event.bytes)}  ${event.modifiedAt}${event.kind === 'unfinished' ? '  (an unfinished write)' : ''}`);
      else if (event.type === 'done') {
        const { looked, orphans, foreign } = event;
        print(
          `${counted(looked.objects, 'object')} looked at: ${counted(orphans.objects, 'orphan')} of ${size(orphans.bytes)}${orphans.objects === 0 ? '' : remove ? ', removed' : ' (--remove removes them)'}.`,
        );
        if (foreign.objects > 0)
          print(`${counted(foreign.objects, 'object')} of ${size(foreign.bytes)} under names that are none of ours: left alone.`);
      }
    }
    return EXIT.succeeded;
  });
};
