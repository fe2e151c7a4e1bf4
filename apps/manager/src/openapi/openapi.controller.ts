import { Controller, Get } from '@nestjs/common';
import { Needs } from '../access/needs.js';
import { openApiDocument } from './document.js';

/** Of the API, as its paths say it. */
const API_VERSION = '1';

/** The document takes longer to make than most of what a start does: it is made when somebody asks for it. */
@Controller()
export class OpenApiController {
  private document: Record<string, unknown> | undefined;

  @Get('openapi.json')
  @Needs('open')
  show(): Record<string, unknown> {
    return (this.document ??= openApiDocument(API_VERSION));
  }
}
