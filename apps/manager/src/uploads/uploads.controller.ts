import { type Upload, UploadId } from '@apwa/contracts';
import { Controller, Get, Param, Post, Put, Query, Req } from '@nestjs/common';
import { type IncomingMessage } from 'node:http';
import { Needs } from '../access/needs.js';
import { zodPipe } from '../http/zod.pipe.js';
import { FileQuery } from './file-query.js';
import { UploadsService } from './uploads.service.js';

const id = () => Param('id', zodPipe(UploadId, 'id'));

@Controller('v1/uploads')
export class UploadsController {
  constructor(private readonly uploads: UploadsService) {}

  @Post()
  @Needs('run')
  async create(): Promise<Upload> {
    return this.uploads.create();
  }

  @Get(':id')
  @Needs('read')
  async show(@id() uploadId: string): Promise<Upload> {
    return this.uploads.show(uploadId);
  }

  @Put(':id/files')
  @Needs('run')
  async put(
    @id() uploadId: string,
    @Query(zodPipe(FileQuery, 'query')) { name }: FileQuery,
    @Req() request: IncomingMessage,
  ): Promise<Upload> {
    const length = Number(request.headers['content-length']);
    return this.uploads.put(uploadId, name, request, Number.isSafeInteger(length) ? length : null);
  }
}
