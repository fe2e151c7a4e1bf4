import { commonFormat, type FileFormat, KNOWN_ENDINGS, endingOf } from '@apwa/contracts';
import { type LocalFile } from '../jobs/protocol.js';
import { badInput } from './bad-input.js';

/** The format of files, by their endings. Refused if one has no known ending, or two are of different formats. */
export const formatOf = (files: readonly LocalFile[]): FileFormat => {
  if (files.length === 0) throw badInput('files', null, 'there are no files', { allowed: 'at least one file' });
  const common = commonFormat(files.map(({ name }) => name));
  if ('format' in common) return common.format;
  if ('unknown' in common) {
    const ending = endingOf(common.unknown);
    throw badInput(common.unknown, null, 'its ending does not say what it is', {
      value: ending === '' ? common.unknown : `.${ending}`,
      allowed: `${KNOWN_ENDINGS}; or say the format`,
    });
  }
  const { other, than } = common;
  throw badInput(other.name, null, `it is ${other.format}, and others are ${than}`, { allowed: 'files of one format for one table' });
};
