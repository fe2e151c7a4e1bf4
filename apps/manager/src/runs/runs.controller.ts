import {
  CancelRequest,
  Name,
  Page,
  RedriveRequest,
  ResumeRequest,
  type Run,
  RunId,
  type RunList,
  RunRequest,
  StepControl,
} from '@apwa/contracts';
import { Body, Controller, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { type ServerResponse } from 'node:http';
import { Needs } from '../access/needs.js';
import { zodPipe } from '../http/zod.pipe.js';
import { RedriveService } from '../redrive/redrive.service.js';
import { RunStreams } from './run-streams.js';
import { RunsService } from './runs.service.js';

const id = () => Param('id', zodPipe(RunId, 'id'));

@Controller('v1/runs')
export class RunsController {
  constructor(
    private readonly runs: RunsService,
    private readonly streams: RunStreams,
    private readonly redrives: RedriveService,
  ) {}

  @Post()
  @Needs('run')
  async create(@Body(zodPipe(RunRequest, 'body')) request: RunRequest): Promise<Run> {
    return this.runs.create(request);
  }

  @Get()
  @Needs('read')
  async list(@Query(zodPipe(Page, 'query')) page: Page): Promise<RunList> {
    return this.runs.list(page);
  }

  @Get(':id')
  @Needs('read')
  async show(@id() runId: string): Promise<Run> {
    return this.runs.show(runId);
  }

  @Get(':id/events')
  @Needs('read')
  async events(@id() runId: string, @Res() response: ServerResponse): Promise<void> {
    await this.streams.send(runId, response);
  }

  @Post(':id/cancel')
  @Needs('run')
  @HttpCode(200)
  async cancel(@id() runId: string, @Body(zodPipe(CancelRequest.prefault({}), 'body')) request: CancelRequest): Promise<Run> {
    return this.runs.cancel(runId, request);
  }

  @Post(':id/pause')
  @Needs('run')
  @HttpCode(200)
  async pause(@id() runId: string): Promise<Run> {
    return this.runs.pause(runId);
  }

  @Post(':id/resume')
  @Needs('run')
  @HttpCode(200)
  async resume(@id() runId: string, @Body(zodPipe(ResumeRequest.prefault({}), 'body')) request: ResumeRequest): Promise<Run> {
    return this.runs.resume(runId, request);
  }

  @Post(':id/steps/:step/:control')
  @Needs('run')
  @HttpCode(200)
  async controlStep(
    @id() runId: string,
    @Param('step', zodPipe(Name, 'step')) step: string,
    @Param('control', zodPipe(StepControl, 'control')) control: StepControl,
  ): Promise<Run> {
    return this.runs.controlStep(runId, step, control);
  }

  @Post(':id/redrive')
  @Needs('run')
  async redrive(@id() runId: string, @Body(zodPipe(RedriveRequest.prefault({}), 'body')) request: RedriveRequest): Promise<Run> {
    return this.redrives.redrive(runId, request);
  }
}
