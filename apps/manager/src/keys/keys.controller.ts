import { type ApiKey, type ApiKeyList, type CreatedKey, CreateKeyRequest, KeyId, Page } from '@apwa/contracts';
import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { Needs } from '../access/needs.js';
import { zodPipe } from '../http/zod.pipe.js';
import { KeysService } from './keys.service.js';

@Controller('v1/keys')
export class KeysController {
  constructor(private readonly keys: KeysService) {}

  @Post()
  @Needs('admin')
  async create(@Body(zodPipe(CreateKeyRequest, 'body')) request: CreateKeyRequest): Promise<CreatedKey> {
    return this.keys.create(request);
  }

  @Get()
  @Needs('admin')
  async list(@Query(zodPipe(Page, 'query')) page: Page): Promise<ApiKeyList> {
    return this.keys.list(page);
  }

  @Post(':id/revoke')
  @Needs('admin')
  @HttpCode(200)
  async revoke(@Param('id', zodPipe(KeyId, 'id')) id: string): Promise<ApiKey> {
    return this.keys.revoke(id);
  }
}
