/**
 * Cuts a sequence into as few bundles as can be, in order, none of them larger than `most`, and of those cuts takes the one whose largest
 * bundle is smallest: a bundle that holds little would be a call for little. Each number is the index behind a bundle's last item.
 * No item is larger than `most`.
 */
export const packInOrder = (sizes: readonly number[], most: number): number[] => {
  const fewest = fill(sizes, most).length;
  let [low, high] = [sizes.reduce((largest, size) => Math.max(largest, size), 0), most];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (fill(sizes, middle).length <= fewest) high = middle;
    else low = middle + 1;
  }
  return fill(sizes, low);
};

/** Fills one bundle after the other as far as it goes. */
const fill = (sizes: readonly number[], most: number): number[] => {
  const ends: number[] = [];
  let sum = 0;
  for (const [index, size] of sizes.entries()) {
    if (index > 0 && sum + size > most) {
      ends.push(index);
      sum = 0;
    }
    sum += size;
  }
  if (sizes.length > 0) ends.push(sizes.length);
  return ends;
};
