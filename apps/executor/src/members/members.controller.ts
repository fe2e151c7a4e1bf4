import { executorOperations } from '@apwa/contracts';
import { Handles } from '@apwa/messaging';
import { Controller } from '@nestjs/common';
import { type z } from 'zod';
import { ClaimsService } from '../ledger/claims.service.js';
import { CommitsService } from '../ledger/commits.service.js';
import { LeasesService } from '../ledger/leases.service.js';
import { Scaler } from '../pools/scaler.js';
import { StagesService } from '../stages/stages.service.js';
import { MembersService } from './members.service.js';

type RequestOf<Name extends keyof typeof executorOperations> = z.output<(typeof executorOperations)[Name]['request']>;

/** What members of pools ask. */
@Controller()
export class MembersController {
  constructor(
    private readonly members: MembersService,
    private readonly claims: ClaimsService,
    private readonly commits: CommitsService,
    private readonly leases: LeasesService,
    private readonly stages: StagesService,
    private readonly scaler: Scaler,
  ) {}

  @Handles(executorOperations.join)
  join({ member, instance }: RequestOf<'join'>) {
    return this.members.join(member, instance);
  }

  @Handles(executorOperations.claim)
  async claim(request: RequestOf<'claim'>) {
    const answer = await this.claims.claim(request);
    if (answer.assignments.length > 0) this.scaler.worked(request.memberId);
    return answer;
  }

  @Handles(executorOperations.heartbeat)
  heartbeat(request: RequestOf<'heartbeat'>) {
    return this.members.heartbeat(request);
  }

  @Handles(executorOperations.commit)
  async commit(request: RequestOf<'commit'>) {
    return { answer: await this.commits.commit(request) };
  }

  @Handles(executorOperations.release)
  async release({ shardId, token, journaled }: RequestOf<'release'>) {
    await this.leases.release(shardId, token, journaled);
    return {};
  }

  @Handles(executorOperations.failStage)
  async failStage({ stageId, token, fault }: RequestOf<'failStage'>) {
    await this.stages.fail(stageId, token, fault);
    return {};
  }

  @Handles(executorOperations.getStageWork)
  async getStageWork({ stageId }: RequestOf<'getStageWork'>) {
    return { work: await this.stages.workOf(stageId) };
  }

  @Handles(executorOperations.listMembers)
  async listMembers() {
    return { members: await this.members.list() };
  }
}
