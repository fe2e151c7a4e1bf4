import yauzl, { type ZipFile } from 'yauzl';

export type { Entry, ZipFile } from 'yauzl';

/** Opens a zip file for reading its entries one by one; sizes that its directory declares are checked against what comes. */
export const openPromise = (path: string): Promise<ZipFile> =>
  new Promise((resolve, reject) =>
    yauzl.open(path, { lazyEntries: true, autoClose: false, validateEntrySizes: true }, (error, zip) =>
      error ? reject(error) : resolve(zip),
    ),
  );
