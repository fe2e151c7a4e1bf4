/** What the module provides beside classes, by these tokens. */
export const CONFIG = Symbol('configuration');
export const STORAGE = Symbol('storage');
export const TABLE_JOBS = Symbol('table jobs');
export const LOG = Symbol('log');
export const SETTINGS = Symbol('settings of the member');
