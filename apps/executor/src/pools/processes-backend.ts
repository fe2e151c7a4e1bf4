import { type LaunchedMember, type LaunchEvents } from './launched-member.js';
import { type MemberCommand, memberEnvironment } from './member-command.js';
import { MemberProcess, type Output } from './member-process.js';
import { type SlotTiming } from './member-slot.js';
import { SlotsBackend } from './slots-backend.js';

export interface ProcessesBackendOptions {
  pool: string;
  command: MemberCommand;
  times: SlotTiming;
  /** Where what members print goes. Default: this process' own output and error output. */
  output?: Output;
}

/** Members as children of this process: for one machine, and for tests. They never outlive it. */
export class ProcessesBackend extends SlotsBackend {
  readonly #options: ProcessesBackendOptions;

  constructor(options: ProcessesBackendOptions) {
    super(options.pool, options.times);
    this.#options = options;
  }

  protected launch(instance: string, { ended }: LaunchEvents): LaunchedMember {
    const { pool, command, output = printed } = this.#options;
    const member = new MemberProcess({ instance, command, env: memberEnvironment(pool, instance), output, onEnd: ended });
    if (member.pid !== undefined) this.tell({ kind: 'member_started', instance, where: `process ${member.pid}` });
    return member;
  }
}

const printed: Output = (stream, line) => void process[stream].write(`${line}\n`);
