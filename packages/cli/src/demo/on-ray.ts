import { fileURLToPath } from 'node:url';
import { ApwaError } from '@apwa/contracts';
import { ensureRay } from '@apwa/ray';
import type { StackOptions } from '@apwa/stack';

const CLUSTER = fileURLToPath(new URL('../../../../infra/ray/clusters/local.yaml', import.meta.url));

/** What puts the members on Ray; null, with one line that says what is missing, where it can't be had. */
export const onRay = async (say: (text: string) => void): Promise<Pick<StackOptions, 'config'> | null> => {
  try {
    await ensureRay(say);
    return { config: { pools: [], ray: { clusters: [CLUSTER] } } };
  } catch (thrown) {
    say(`${ApwaError.from(thrown).message}; going on without it`);
    return null;
  }
};
