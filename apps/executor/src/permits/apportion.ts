export interface Claimant {
  readonly weight: number;
  /** How many it can use. */
  readonly demand: number;
}

/** Shares by weight, in fractions; what one cannot use goes to the others. */
const fairShares = (total: number, claimants: readonly Claimant[]): number[] => {
  const shares = claimants.map(() => 0);
  let open = claimants.map((_, index) => index);
  for (let left = total; left > 1e-9 && open.length > 0;) {
    const weights = open.reduce((sum, index) => sum + (claimants[index] as Claimant).weight, 0);
    const room = (index: number) => (claimants[index] as Claimant).demand - (shares[index] as number);
    const part = (index: number) => (left * (claimants[index] as Claimant).weight) / weights;
    const sated = open.filter((index) => room(index) <= part(index));
    // Nobody is sated by its part: all of it is given, and that is the end.
    const given = (sated.length > 0 ? sated : open).map((index) => [index, sated.length > 0 ? room(index) : part(index)] as const);
    for (const [index, amount] of given) {
      shares[index] = (shares[index] as number) + amount;
      left -= amount;
    }
    open = sated.length > 0 ? open.filter((index) => !sated.includes(index)) : [];
  }
  return shares;
};

/**
 * Shares `total` among claimants by weight, in whole numbers that add up to no more than it. Who gets the ones that are left by
 * rounding changes with `turn`, so that none is passed over for ever where there are more claimants than there is to share.
 */
export const apportion = (total: number, claimants: readonly Claimant[], turn: number): number[] => {
  const exact = fairShares(total, claimants);
  const shares = exact.map((share) => Math.floor(share + 1e-9));
  const places = exact.map((_, index) => index).filter((index) => (exact[index] as number) - (shares[index] as number) > 1e-9);
  const wanted = exact.reduce((sum, share) => sum + share, 0);
  let left = Math.round(wanted - shares.reduce((sum, share) => sum + share, 0));
  for (let step = 0; left > 0 && step < places.length; step++, left--) {
    const index = places[(turn + step) % places.length] as number;
    shares[index] = (shares[index] as number) + 1;
  }
  return shares;
};
