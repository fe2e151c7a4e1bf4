/** Permits that have become due and were not given out yet. Below zero: more was taken than was there, and is made up for first. */
export interface Bucket {
  level: number;
  /** When `level` was so, in monotonic milliseconds. */
  at: number;
}

/** Lets the bucket fill up to `now` at `perMs`, never above `most`: time in which nobody wants anything is no credit. */
export const fill = (bucket: Bucket, now: number, perMs: number, most: number): void => {
  bucket.level = Math.min(most, bucket.level + Math.max(0, now - bucket.at) * perMs);
  bucket.at = now;
};
