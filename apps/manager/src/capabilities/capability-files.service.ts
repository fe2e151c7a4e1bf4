import { invalidConfig, readCapabilityFile } from '@apwa/config';
import { AddCapabilityRequest, ApwaError, type Fault } from '@apwa/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { setTimeout } from 'node:timers/promises';
import { CONFIG, type Config, LOG, type Logger, TIMES, type Timing } from '../settings.js';
import { faultsOf } from '../shapes/faults.js';
import { CapabilitiesService } from './capabilities.service.js';

/** Registers what stands in the files that the configuration names. What is registered already stays the version that it is. */
@Injectable()
export class CapabilityFilesService {
  private readonly ending = new AbortController();
  private registering: Promise<void> = Promise.resolve();

  constructor(
    private readonly capabilities: CapabilitiesService,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(TIMES) private readonly times: Timing,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  /** Reads the files, and registers in the background: that takes a member. RefusedError `invalid_config` with all that is wrong with them. */
  async start(): Promise<void> {
    const read = await Promise.all(this.config.capabilities.files.map(async (file) => ({ file, ...(await requestOf(file)) })));
    const faults = read.flatMap((one) => ('faults' in one ? one.faults : []));
    if (faults.length > 0) throw invalidConfig('capabilities.files', faults);
    const requests = read.flatMap((one) => ('request' in one ? [one] : []));
    this.registering = Promise.all(requests.map((one) => this.register(one))).then(() => undefined);
  }

  /** Resolves when what is under way has ended. */
  async stop(): Promise<void> {
    this.ending.abort();
    await this.registering;
  }

  private async register({ file, request }: { file: string; request: AddCapabilityRequest }): Promise<void> {
    const { signal } = this.ending;
    while (!signal.aborted) {
      try {
        const { name, version } = await this.capabilities.add(request, { signal });
        return this.log.info({ file, name, version }, 'a capability of the configuration is registered');
      } catch (thrown) {
        const error = ApwaError.from(thrown);
        if (error.class !== 'transient')
          return this.log.error({ file, error: error.toPayload() }, 'a capability of the configuration is refused');
      }
      await setTimeout(this.times.retryMs, undefined, { signal }).catch(() => undefined);
    }
  }
}

const requestOf = async (file: string): Promise<{ request: AddCapabilityRequest } | { faults: Fault[] }> => {
  const document = await readCapabilityFile(file);
  const parsed = AddCapabilityRequest.safeParse(document);
  if (parsed.success) return { request: parsed.data };
  const faults = faultsOf(parsed.error, document, AddCapabilityRequest, '');
  return { faults: faults.map((fault) => ({ ...fault, field: `${fault.field.replace(/^definition\./, '')} (${file})` })) };
};
