import { CallLimits, McpServerName, SecretName } from '@apwa/contracts';
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

export const McpServerConfig = z.strictObject({
  url: setting(
    z
      .string()
      .regex(/^https?:\/\/[^\s@#]+$/, 'must be a URL that begins with http:// or https:// and holds no user or password')
      .optional(),
    'Where it is served (streamable HTTP). It may be anywhere: naming it here allows it.',
  ),
  headers: setting(
    z.record(z.string().min(1), z.string().min(1)).default({}),
    'Headers of each request to it, for example `Authorization: Bearer ${NAME}`.',
    { secret: 'value' },
  ),
  command: setting(
    z.string().min(1).optional(),
    'In place of `url`: a program that each member starts, and speaks with over stdin and stdout.',
  ),
  args: setting(z.array(z.string()).default([]), 'Its arguments.'),
  env: setting(
    z.record(z.string().min(1), z.string()).default({}),
    'Its environment. Of the member’s own it has `HOME`, `LOGNAME`, `PATH`, `SHELL`, `TERM` and `USER` alone.',
    { secret: 'value' },
  ),
  folder: setting(z.string().min(1).optional(), 'Its working directory. Left out: that of the member.'),
  limits: setting(
    z
      .strictObject({
        requestsPerMinute: setting(CallLimits.shape.requestsPerMinute, 'Calls per minute, tries counted.'),
        inFlight: setting(CallLimits.shape.inFlight, 'Calls under way at the same time.'),
      })
      .refine((limits) => Object.keys(limits).length > 0, 'must have requestsPerMinute, inFlight or both')
      .optional(),
    'What calls of its tools are held to, by all workers of the cluster together. Left out: nothing.',
  ),
  idleMs: setting(
    z.number().int().min(100).max(86_400_000).default(60_000),
    'A connection that nobody has used for so long is closed, and the program ended. Milliseconds.',
  ),
});
export type McpServerConfig = z.infer<typeof McpServerConfig>;

export const McpServers = z.record(McpServerName, McpServerConfig).default({});

export const CapabilitiesConfig = z.strictObject({
  files: setting(
    z.array(z.string().min(1)).default([]),
    'Files with capabilities, as `apwa capabilities add FILE` takes them, which the manager registers at its start: one that has changed is a new version. Paths are relative to this file.',
  ),
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
