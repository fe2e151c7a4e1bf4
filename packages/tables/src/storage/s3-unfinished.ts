import {
  AbortMultipartUploadCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandInput,
  type ListMultipartUploadsCommandOutput,
  ListPartsCommand,
  type ListPartsCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { type UnfinishedWrite } from './storage.js';

/** A bucket and what keys in it begin with. */
export interface S3Place {
  client: S3Client;
  bucket: string;
  prefix: string;
}

/** An upload's id holds no space; a key of ours neither. */
const SEPARATOR = ' ';

/** Uploads in pieces that were never completed: no listing of objects shows them, and their pieces take room for ever. */
export async function* unfinishedUploads({ client, bucket, prefix }: S3Place): AsyncIterable<UnfinishedWrite> {
  let marker: Pick<ListMultipartUploadsCommandInput, 'KeyMarker' | 'UploadIdMarker'> | undefined = {};
  while (marker) {
    const page: ListMultipartUploadsCommandOutput = await client.send(
      new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix, ...marker }),
    );
    for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
      if (Key === undefined || UploadId === undefined || !Key.startsWith(prefix)) continue;
      const bytes = await bytesOf(client, bucket, Key, UploadId);
      yield { id: `${Key.slice(prefix.length)}${SEPARATOR}${UploadId}`, bytes, modifiedAt: Initiated ?? new Date(0) };
    }
    marker = page.IsTruncated ? { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker } : undefined;
  }
}

const bytesOf = async (client: S3Client, bucket: string, key: string, uploadId: string): Promise<number> => {
  let bytes = 0;
  for (let marker: string | undefined, more = true; more;) {
    const place = { Bucket: bucket, Key: key, UploadId: uploadId, PartNumberMarker: marker };
    const page: ListPartsCommandOutput = await client.send(new ListPartsCommand(place));
    for (const { Size } of page.Parts ?? []) bytes += Size ?? 0;
    marker = page.NextPartNumberMarker;
    more = page.IsTruncated === true && marker !== undefined;
  }
  return bytes;
};

export const abortUpload = async ({ client, bucket, prefix }: S3Place, id: string): Promise<void> => {
  const [key = '', uploadId = ''] = id.split(SEPARATOR);
  await client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key: prefix + key, UploadId: uploadId }));
};
