import { UploadedFile } from '@apwa/contracts';
import { z } from 'zod';

/** A name is a label: it is shown, and tells the file's format by its ending. It never becomes a path. */
export const FileQuery = z.strictObject({
  name: UploadedFile.shape.name.refine((name) => !/[\p{Cc}\p{Cs}]/u.test(name), 'must hold no control characters'),
});
export type FileQuery = z.infer<typeof FileQuery>;
