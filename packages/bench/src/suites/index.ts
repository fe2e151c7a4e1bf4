import { type Suite } from '../suite.js';
import { agents } from './agents.js';
import { concurrency } from './concurrency.js';
import { fairness } from './fairness.js';
import { latency } from './latency.js';
import { limits } from './limits.js';
import { overhead } from './overhead.js';
import { ray } from './ray.js';
import { scale } from './scale.js';
import { streaming } from './streaming.js';

/** All suites, in the order in which they are run. */
export const SUITES: readonly Suite[] = [overhead, concurrency, scale, latency, limits, streaming, fairness, agents, ray];
