import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { RefusedError, Upload } from '@apwa/contracts';
import type { Http } from './http.js';

/** A file to upload: from the disk, or its content. `name` is what tables of texts show as `path`; its ending tells the format. */
export type UploadSource = { name: string; path: string } | { name: string; content: string | Uint8Array };

/** Opened before the request begins: what is wrong with the file is then no fault of the connection. */
const contentOf = async (path: string): Promise<ReadableStream<Uint8Array>> => {
  const file = await open(path).catch((cause: Error) => {
    throw new RefusedError('bad_input', `${path} cannot be read: ${cause.message}`, { field: 'path', value: path, cause });
  });
  return Readable.toWeb(file.createReadStream()) as ReadableStream<Uint8Array>;
};

export const uploadsClient = (http: Http) => {
  const addFile = async (id: string, source: UploadSource) => {
    const stream = async () => {
      if ('path' in source) return contentOf(source.path);
      return typeof source.content === 'string' ? new TextEncoder().encode(source.content) : source.content;
    };
    return http.json(Upload, 'PUT', `/v1/uploads/${id}/files`, { stream, query: { name: source.name } });
  };
  return {
    create: () => http.json(Upload, 'POST', '/v1/uploads', { body: {} }),
    get: (id: string) => http.json(Upload, 'GET', `/v1/uploads/${id}`),
    addFile,
    /** One upload of all these files, in their order. `onFile` hears of each that has arrived. */
    async of(sources: UploadSource[], onFile: (name: string) => void = () => undefined): Promise<Upload> {
      let upload = await http.json(Upload, 'POST', '/v1/uploads', { body: {} });
      for (const source of sources) {
        upload = await addFile(upload.id, source);
        onFile(source.name);
      }
      return upload;
    },
  };
};
export type UploadsClient = ReturnType<typeof uploadsClient>;
