import {
  ApproveRequest,
  type PlanVersion,
  type PlanVersionList,
  PlanVersionNumber,
  type Run,
  RunId,
  UncheckedEdit,
  planSchema,
} from '@apwa/contracts';
import { Body, Controller, Get, HttpCode, Param, Post, Put } from '@nestjs/common';
import { Needs } from '../access/needs.js';
import { zodPipe } from '../http/zod.pipe.js';
import { ReviewService } from './review.service.js';

const id = () => Param('id', zodPipe(RunId, 'id'));

@Controller('v1')
export class PlansController {
  private readonly schema = planSchema();

  constructor(private readonly review: ReviewService) {}

  /** Open, as the OpenAPI document is: editors fetch it without a key. */
  @Get('plan.schema.json')
  @Needs('open')
  describe(): Record<string, unknown> {
    return this.schema;
  }

  @Get('runs/:id/plans')
  @Needs('read')
  async list(@id() runId: string): Promise<PlanVersionList> {
    return this.review.list(runId);
  }

  @Get('runs/:id/plans/:version')
  @Needs('read')
  async show(@id() runId: string, @Param('version', zodPipe(PlanVersionNumber, 'version')) version: number): Promise<PlanVersion> {
    return this.review.show(runId, version);
  }

  @Put('runs/:id/plan')
  @Needs('run')
  async edit(@id() runId: string, @Body(zodPipe(UncheckedEdit, 'body')) request: UncheckedEdit): Promise<Run> {
    return this.review.edit(runId, request);
  }

  @Post('runs/:id/approve')
  @Needs('run')
  @HttpCode(200)
  async approve(@id() runId: string, @Body(zodPipe(ApproveRequest, 'body')) request: ApproveRequest): Promise<Run> {
    return this.review.approve(runId, request);
  }
}
