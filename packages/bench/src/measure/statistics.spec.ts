import { median, quantile } from './statistics.js';

describe('quantile', () => {
  it('should be the value in the middle, or what lies between the two that are', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 2, 3])).toBe(2.5);
  });

  it('should reach from the least to the most', () => {
    const values = [5, 1, 4, 2, 3];
    expect([0, 0.25, 0.95, 1].map((share) => quantile(values, share))).toEqual([1, 2, 4.8, 5]);
  });

  it('should leave its values as they were, and have no word on none', () => {
    const values = [2, 1];
    median(values);
    expect(values).toEqual([2, 1]);
    expect(median([])).toBeNaN();
  });
});
