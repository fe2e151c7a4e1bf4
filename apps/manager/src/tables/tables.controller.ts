import {
  type Export,
  ExportRequest,
  ImportRequest,
  Page,
  type PruneReport,
  PruneRequest,
  type Table,
  type TableHead,
  TableId,
  type TableList,
} from '@apwa/contracts';
import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { Needs } from '../access/needs.js';
import { ExportsService } from '../exports/exports.service.js';
import { zodPipe } from '../http/zod.pipe.js';
import { PruneService } from '../retention/prune.service.js';
import { HeadQuery } from './head-query.js';
import { TablesService } from './tables.service.js';

const id = () => Param('id', zodPipe(TableId, 'id'));

@Controller('v1/tables')
export class TablesController {
  constructor(
    private readonly tables: TablesService,
    private readonly exports: ExportsService,
    private readonly pruning: PruneService,
  ) {}

  @Post()
  @Needs('run')
  @HttpCode(202)
  async import(@Body(zodPipe(ImportRequest, 'body')) request: ImportRequest): Promise<Table> {
    return this.tables.import(request);
  }

  @Get()
  @Needs('read')
  async list(@Query(zodPipe(Page, 'query')) page: Page): Promise<TableList> {
    return this.tables.list(page);
  }

  @Get(':id')
  @Needs('read')
  async show(@id() tableId: string): Promise<Table> {
    return this.tables.show(tableId);
  }

  @Get(':id/head')
  @Needs('read')
  async head(@id() tableId: string, @Query(zodPipe(HeadQuery, 'query')) { rows }: HeadQuery): Promise<TableHead> {
    return this.tables.head(tableId, rows);
  }

  @Post('prune')
  @Needs('admin')
  @HttpCode(200)
  async prune(@Body(zodPipe(PruneRequest, 'body')) request: PruneRequest): Promise<PruneReport> {
    return this.pruning.prune(request);
  }

  @Delete(':id')
  @Needs('admin')
  async delete(@id() tableId: string): Promise<PruneReport> {
    return this.pruning.delete(tableId);
  }

  @Post(':id/exports')
  @Needs('run')
  @HttpCode(202)
  async export(@id() tableId: string, @Body(zodPipe(ExportRequest, 'body')) request: ExportRequest): Promise<Export> {
    return this.exports.begin(tableId, request);
  }
}
