import { types } from 'node:util';
import { type NatsAccess } from '@apwa/contracts';
import { parseUrl } from './access.js';

/** What Node says of a certificate that it does not take. */
const CERTIFICATE = new Set([
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'INVALID_PURPOSE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** Why NATS could not be connected to, in words, and by which setting if that can be told. */
export const reasonOf = (thrown: unknown, access: NatsAccess): string => {
  if (!types.isNativeError(thrown)) return String(thrown);
  const { cause, message } = thrown;
  const { code } = thrown as NodeJS.ErrnoException;
  if (code !== undefined && CERTIFICATE.has(code)) return `its certificate is refused: ${message}; ${voucherOf(access)}`;
  return types.isNativeError(cause) && !message.includes(cause.message) ? `${message}: ${cause.message}` : message;
};

const voucherOf = ({ url, caFile }: NatsAccess): string => {
  if (!parseUrl(url).tls) return 'it asks for TLS: nats.url is to begin with tls://, and nats.caFile to name who may vouch for it';
  return caFile === undefined ? 'nats.caFile names nobody who may vouch for it' : `who may vouch for it stands in ${caFile} (nats.caFile)`;
};
