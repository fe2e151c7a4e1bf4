import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type PoolConfig } from '@apwa/config';
import { RefusedError } from '@apwa/contracts';

export interface MemberCommand {
  readonly program: string;
  readonly args: readonly string[];
}

/** The worker pool beside this service, as the monorepo and the images lay them out. */
const MEMBER_PROGRAM = fileURLToPath(new URL('../../../worker-pool/dist/main.js', import.meta.url));

/**
 * What starts a member of the pool: `command`, or this Node with the worker pool beside this service. The limit of its heap is an
 * option of Node's. RefusedError `no_member_program` if there is no worker pool, `invalid_settings` if the limit can't be passed on.
 */
export const memberCommand = (
  { name, memoryMb }: Pick<PoolConfig, 'name' | 'memoryMb'>,
  command: readonly string[] | null,
): MemberCommand => {
  const [program, ...args] = command ?? [process.execPath, '--enable-source-maps', MEMBER_PROGRAM];
  if (!command && !existsSync(MEMBER_PROGRAM))
    throw new RefusedError('no_member_program', `Members of pool ${name} can't be started: ${MEMBER_PROGRAM} is not there.`, {
      field: 'pools[].backend',
      value: 'processes',
      allowed: '`external`, or `processes` with the worker pool built, or with APWA_MEMBER_COMMAND',
    });
  if (memoryMb === undefined) return { program: program as string, args };
  if (!/^node(js)?(\.exe)?$/.test(basename(program as string)))
    throw new RefusedError('invalid_settings', `The limit memoryMb of pool ${name} can't be passed on: members are not started by Node.`, {
      field: 'APWA_MEMBER_COMMAND',
      value: command,
      allowed: 'a command that begins with node, or a pool without memoryMb',
    });
  return { program: program as string, args: [`--max-old-space-size=${memoryMb}`, ...args] };
};

/** What is meant for this process alone: Node's options (a debugger's port), its members' command, the file that shows its own health. */
const OWN = ['NODE_OPTIONS', 'APWA_MEMBER_COMMAND', 'APWA_HEALTH_FILE'];

/** The environment of a member: this process' own, for configuration and secrets, and who it is. */
export const memberEnvironment = (pool: string, instance: string, source: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(source).filter(([name]) => !OWN.includes(name))),
  APWA_POOL: pool,
  APWA_INSTANCE: instance,
  APWA_LIFELINE: '1',
});
