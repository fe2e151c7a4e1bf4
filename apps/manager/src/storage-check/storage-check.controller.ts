import { StorageCheckRequest } from '@apwa/contracts';
import { Body, Controller, HttpCode, Post, Res } from '@nestjs/common';
import { type ServerResponse } from 'node:http';
import { Needs } from '../access/needs.js';
import { zodPipe } from '../http/zod.pipe.js';
import { StorageCheckStreams } from './storage-check.streams.js';

@Controller('v1/storage')
export class StorageCheckController {
  constructor(private readonly streams: StorageCheckStreams) {}

  @Post('check')
  @Needs('admin')
  @HttpCode(200)
  async check(
    @Body(zodPipe(StorageCheckRequest.prefault({}), 'body')) request: StorageCheckRequest,
    @Res() response: ServerResponse,
  ): Promise<void> {
    await this.streams.send(request, response);
  }
}
