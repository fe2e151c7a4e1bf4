import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { Upload } from '@apwa/contracts';
import type { Http } from './http.js';

/** A file to upload: from the disk, or its content. `name` is what tables of texts show as `path`; its ending tells the format. */
export type UploadSource = { name: string; path: string } | { name: string; content: string | Uint8Array };

export const uploadsClient = (http: Http) => {
  const addFile = (id: string, source: UploadSource) => {
    const stream =
      'path' in source
        ? (Readable.toWeb(createReadStream(source.path)) as ReadableStream<Uint8Array>)
        : typeof source.content === 'string'
          ? new TextEncoder().encode(source.content)
          : source.content;
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
