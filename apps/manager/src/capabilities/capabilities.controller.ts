import {
  AddCapabilityRequest,
  type CapabilityDetails,
  type CapabilityList,
  CapabilityName,
  CapabilityQuery,
  CapabilityVersionQuery,
} from '@apwa/contracts';
import { Body, Controller, Delete, Get, Param, Post, Query } from '@nestjs/common';
import { Needs } from '../access/needs.js';
import { zodPipe } from '../http/zod.pipe.js';
import { CapabilitiesService } from './capabilities.service.js';

const name = () => Param('name', zodPipe(CapabilityName, 'name'));

@Controller('v1/capabilities')
export class CapabilitiesController {
  constructor(private readonly capabilities: CapabilitiesService) {}

  @Get()
  @Needs('read')
  async list(@Query(zodPipe(CapabilityQuery, 'query')) query: CapabilityQuery): Promise<CapabilityList> {
    return this.capabilities.list(query);
  }

  @Get(':name')
  @Needs('read')
  async show(
    @name() called: string,
    @Query(zodPipe(CapabilityVersionQuery, 'query')) query: CapabilityVersionQuery,
  ): Promise<CapabilityDetails> {
    return this.capabilities.show(called, query);
  }

  @Post()
  @Needs('run')
  async add(@Body(zodPipe(AddCapabilityRequest, 'body')) request: AddCapabilityRequest): Promise<CapabilityDetails> {
    return this.capabilities.add(request);
  }

  @Delete(':name')
  @Needs('admin')
  async remove(@name() called: string): Promise<CapabilityDetails> {
    return this.capabilities.remove(called);
  }
}
