import { type Upload } from '@apwa/contracts';
import { Injectable } from '@nestjs/common';
import { Database, type Queries } from '../database/database.js';

export interface StoredFile {
  name: string;
  key: string;
  bytes: number;
  sha256: string;
}

export type AddOutcome =
  | { outcome: 'added'; /** Key of the file of this name that stood there before. */ replaced: string | null }
  | { outcome: 'in_use' | 'unknown' };

@Injectable()
export class UploadsRepository {
  constructor(private readonly database: Database) {}

  async create(id: string): Promise<void> {
    await this.database.upload.create({ data: { id } });
  }

  async find(id: string): Promise<(Upload & { inUse: boolean }) | null> {
    const upload = await this.database.upload.findUnique({ where: { id }, include: { files: { orderBy: { position: 'asc' } } } });
    if (!upload || upload.deletedAt) return null;
    const files = upload.files.map(({ name, bytes }) => ({ name, bytes: Number(bytes) }));
    return { id, files, inUse: upload.usedAt !== null };
  }

  /** In the order in which they came. */
  async files(uploadId: string): Promise<StoredFile[]> {
    const files = await this.database.uploadFile.findMany({ where: { uploadId }, orderBy: { position: 'asc' } });
    return files.map(({ name, key, bytes, sha256 }) => ({ name, key, bytes: Number(bytes), sha256 }));
  }

  /** Somebody adds to it: it is not abandoned. */
  async touch(id: string): Promise<void> {
    await this.database.upload.updateMany({ where: { id }, data: { touchedAt: new Date() } });
  }

  /** An import uses it from now on. False if it is not there any more. */
  async use(queries: Queries, id: string): Promise<boolean> {
    const used = await queries.$executeRaw`
      UPDATE manager.uploads SET used_at = COALESCE(used_at, clock_timestamp()) WHERE id = ${id} AND deleted_at IS NULL`;
    return used === 1;
  }

  /** Adds a file whose bytes are stored, in place of the one of the same name. An upload that an import uses stays as it is. */
  async add(uploadId: string, { name, key, bytes, sha256 }: StoredFile): Promise<AddOutcome> {
    return this.database.$transaction(async (queries) => {
      const [upload] = await queries.$queryRaw<{ used: boolean }[]>`
        SELECT used_at IS NOT NULL AS used FROM manager.uploads WHERE id = ${uploadId} AND deleted_at IS NULL FOR UPDATE`;
      if (!upload) return { outcome: 'unknown' };
      if (upload.used) return { outcome: 'in_use' };
      const where = { uploadId_name: { uploadId, name } };
      const before = await queries.uploadFile.findUnique({ where, select: { key: true } });
      const data = { key, bytes: BigInt(bytes), sha256 };
      await queries.uploadFile.upsert({ where, create: { uploadId, name, ...data }, update: data });
      await queries.upload.update({ where: { id: uploadId }, data: { touchedAt: new Date() } });
      return { outcome: 'added', replaced: before?.key ?? null };
    });
  }
}
