import { Controller, Get } from '@nestjs/common';
import { Needs } from '../access/needs.js';
import { openApiDocument } from './document.js';

/** Of the API, as its paths say it. */
const API_VERSION = '1';

@Controller()
export class OpenApiController {
  private readonly document = openApiDocument(API_VERSION);

  @Get('openapi.json')
  @Needs('open')
  show(): Record<string, unknown> {
    return this.document;
  }
}
