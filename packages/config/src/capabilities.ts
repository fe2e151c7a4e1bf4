import { SecretName } from '@apwa/contracts';
import { z } from 'zod';
import { setting } from './setting.js';

const HOST = /^[^\s/*@?#]+$/;
/** `api.example.com`, `localhost:8080`. */
const Host = z.string().regex(HOST, 'must be a host such as api.example.com, or a host and a port');
/** Also `*.example.com` and `*`. */
const HostPattern = z
  .string()
  .refine((text) => text === '*' || HOST.test(text.replace(/^\*\./, '')), 'must be a host, *. and a domain, or *');

export const SecretConfig = z.strictObject({
  value: setting(z.string().min(1).optional(), 'The secret, best written as `${NAME}`.', { secret: 'value' }),
  file: setting(
    z.string().min(1).optional(),
    'In place of the value: a file that holds it and nothing else. It is read when the secret is used, so that it can be replaced while services run.',
  ),
  hosts: setting(
    z.array(Host).min(1, 'must have one host or more'),
    'Hosts that it may be sent to, each with a port or without, for example `api.example.com`: whoever writes a plan can name any secret.',
  ),
});
export type SecretConfig = z.infer<typeof SecretConfig>;

export const Secrets = z.record(SecretName, SecretConfig).default({});

export const CapabilitiesConfig = z.strictObject({
  allowedHosts: setting(
    z.array(Host).default([]),
    'Hosts that capabilities may reach wherever they are, each with a port or without. All others are reached at public addresses alone: none of this machine, of its networks or of a cloud’s metadata.',
  ),
  fetchHosts: setting(
    z.array(HostPattern).default([]),
    'Hosts that `builtin:fetch` may read: `docs.example.com`, `*.example.com` for those below a domain, `*` for all. Left out: none.',
  ),
});
export type CapabilitiesConfig = z.infer<typeof CapabilitiesConfig>;
