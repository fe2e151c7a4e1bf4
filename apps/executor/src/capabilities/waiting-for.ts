import { type Resources } from '@apwa/contracts';
import { type RayCluster } from '../ray/ray-cluster.js';
import { isShort, shortageOf } from '../ray/shortage.js';

/** What calls of a function wait for on its cluster, in words; null if they are worked at. */
export const waitingFor = (
  { hash, id, resources }: { hash: string; id: string; resources: Resources },
  { name, trouble, report }: Pick<RayCluster, 'name' | 'trouble' | 'report'>,
): string | null => {
  if (trouble !== null) return `${trouble}; calls of ${id} wait for it`;
  const calls = report?.capabilities.find((one) => one.hash === hash);
  if (!report || !calls || calls.placing === 0) return null;
  // With room for it, its packages are being installed, or its process is starting.
  if (!isShort(resources, report)) return `${id} is being made ready on cluster ${name}`;
  return `waiting for resources: ${shortageOf(resources, report)}, for ${id}`;
};
