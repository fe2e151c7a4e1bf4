import {
  ApwaError,
  CallKey,
  type CapabilityDefinition,
  type CapabilityExample,
  type CapabilityId,
  capabilityIdOf,
  excerpt,
  isSandboxed,
  PermanentError,
  RefusedError,
  RowErrorCode,
  type TriedExample,
} from '@apwa/contracts';
import { Messaging } from '@apwa/messaging';
import { type Logger } from '@apwa/service';
import { type TableJobs } from '@apwa/tables';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { type Config } from '@apwa/config';
import { createHash, randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { Secrets } from '../http/secrets.js';
import { Permits } from '../permits/permits.js';
import { CONFIG, LOG, TABLE_JOBS } from '../tokens.js';
import { Models } from '../models/models.js';
import { McpServers } from '../mcp/mcp-servers.js';
import { Web } from '../web/web.js';
import { AttemptControl } from '../rows/control.js';
import { shownFaults } from '../rows/shown-faults.js';
import { Threads } from '../sandbox/threads.js';
import { Accounts } from './accounts.js';
import { Admission } from './admission.js';
import { type OpenCapability } from './capability-call.js';
import { type CapabilityPlace, openCapability } from './open-capability.js';
import { openSql } from './open-sql.js';

/** The capabilities that this member can call, with what their calls share. */
@Injectable()
export class Capabilities implements OnApplicationShutdown {
  readonly #shared: Omit<CapabilityPlace, 'stageId' | 'definitions' | 'model' | 'within'>;

  constructor(
    messaging: Messaging,
    permits: Permits,
    models: Models,
    @Inject(TABLE_JOBS) jobs: TableJobs,
    @Inject(LOG) log: Logger,
    @Inject(CONFIG) { capabilities, secrets, mcpServers }: Config,
  ) {
    this.#shared = {
      messaging,
      models,
      log,
      threads: new Threads(),
      web: new Web({ allowedHosts: capabilities.allowedHosts }),
      secrets: new Secrets(secrets),
      mcp: new McpServers(mcpServers),
      sql: openSql(jobs),
      accounts: new Accounts(permits),
      fetchHosts: capabilities.fetchHosts,
    };
  }

  /** For a stage, or to try it. `model`: of the agent that calls. RefusedError if this member can't call it: the stage fails with it. */
  open(
    id: CapabilityId,
    stageId: string | null,
    definitions: readonly CapabilityDefinition[],
    model: string | null = null,
  ): OpenCapability {
    return openCapability(id, { ...this.#shared, stageId, definitions, model, within: [] });
  }

  /** What comes of examples. RefusedError if it can't be called at all. */
  async tryOut(definition: CapabilityDefinition, examples: readonly CapabilityExample[], signal: AbortSignal): Promise<TriedExample[]> {
    if (definition.kind === 'python' && !isSandboxed(definition))
      throw new RefusedError('not_tried_here', 'Functions in Python that are not sandboxed are called for rows alone.', {
        field: 'sandboxed',
        allowed: 'true',
      });
    const opened = this.open(capabilityIdOf(definition), null, [definition]);
    await opened.prepare();
    const control = anyTime();
    signal.addEventListener('abort', () => control.abort(new PermanentError('capability_timeout', 'nobody waits for it any more')));
    return Promise.all(examples.map((example) => tried(opened, example, control)));
  }

  async onApplicationShutdown(): Promise<void> {
    const { threads, web, mcp } = this.#shared;
    await Promise.all([threads.close(), web.close(), mcp.close()]);
  }
}

/** Of calls that belong to no attempt. */
const anyTime = (): AttemptControl =>
  new AttemptControl({ begin: () => true, join: () => true, land: () => undefined, mayCall: () => true, mayBegin: () => true });

const tried = async (
  opened: OpenCapability,
  { input, output: expected }: CapabilityExample,
  control: AttemptControl,
): Promise<TriedExample> => {
  const failed = (code: RowErrorCode, message: string, output: TriedExample['output'] = null): TriedExample => ({
    passed: false,
    output,
    error: { code, message: excerpt(message, 1_000) },
  });
  const faults = opened.input.validate(input);
  if (faults.length > 0) return failed('invalid_arguments', shownFaults(faults));
  // Of what has limits nothing is tried.
  const admission = await Admission.to(null, { ownerId: 'trial', control });
  try {
    const output =
      admission &&
      (await opened.call({
        given: input,
        control,
        admission,
        agent: null,
        key: () => CallKey.parse(createHash('sha256').update(randomUUID()).digest('hex')),
      }));
    if (output === null) return failed('capability_timeout', 'it was not called in time');
    const wrong = opened.wrong(output);
    if (wrong) return failed(wrong.code, wrong.message, output);
    if (expected && !isDeepStrictEqual(output, expected)) return failed('capability_bad_output', `it is not ${excerpt(expected)}`, output);
    return { passed: true, output, error: null };
  } catch (thrown) {
    const error = ApwaError.from(thrown);
    if (error instanceof RefusedError) throw error;
    const code = RowErrorCode.safeParse(error.code);
    return failed(code.success ? code.data : 'capability_failed', error.message);
  }
};
