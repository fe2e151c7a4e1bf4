import { type Export, ExportId } from '@apwa/contracts';
import { Controller, Get, Param, Res } from '@nestjs/common';
import { type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { Needs } from '../access/needs.js';
import { zodPipe } from '../http/zod.pipe.js';
import { ExportsService } from './exports.service.js';

const id = () => Param('id', zodPipe(ExportId, 'id'));

@Controller('v1/exports')
export class ExportsController {
  constructor(private readonly exports: ExportsService) {}

  @Get(':id')
  @Needs('read')
  async show(@id() exportId: string): Promise<Export> {
    return this.exports.show(exportId);
  }

  @Get(':id/content')
  @Needs('read')
  async content(@id() exportId: string, @Res() response: ServerResponse): Promise<void> {
    const { stream, contentType, fileName, bytes } = await this.exports.content(exportId);
    response.writeHead(200, {
      'content-type': contentType,
      'content-length': bytes,
      'content-disposition': `attachment; filename="${fileName}"`,
    });
    // Whoever goes away in the middle does no harm; storage that fails cuts the connection, and the length tells that it did.
    await pipeline(stream, response).catch(() => response.destroy());
  }
}
