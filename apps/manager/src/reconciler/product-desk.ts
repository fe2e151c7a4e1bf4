import { type ApwaError, InternalError, TableId } from '@apwa/contracts';
import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { ExportsRepository, exportFacts } from '../exports/exports.repository.js';
import { OwnersRepository } from '../owners/owners.repository.js';
import { type ProductFacts, isSettled, nextForProduct } from '../owners/product.js';
import { ProductionService } from '../production/production.service.js';
import { TablesRepository, tableFacts } from '../tables/tables.repository.js';
import { type Action, type Desk } from './desk.js';

/** Brings tables and exports to their end that were asked for by themselves. */
@Injectable()
export class ProductDesk implements Desk {
  constructor(
    private readonly database: Database,
    private readonly owners: OwnersRepository,
    private readonly tables: TablesRepository,
    private readonly exports: ExportsRepository,
    private readonly production: ProductionService,
  ) {}

  async next(id: string): Promise<Action[]> {
    const product = await this.find(id);
    if (isSettled(product)) return [{ do: 'close' }];
    return nextForProduct(product, { inputs: 'ready', stopping: false, stopKnown: false });
  }

  async perform(id: string, action: Action, signal: AbortSignal): Promise<void> {
    if (action.do === 'close') return this.owners.finish(this.database, id);
    if ('productId' in action) return this.production.perform(id, action, signal);
  }

  async giveUp(id: string, _action: Action, error: ApwaError): Promise<void> {
    await this.production.giveUp(id, error.toPayload());
  }

  private async find(id: string): Promise<ProductFacts> {
    if (TableId.safeParse(id).success) {
      const table = await this.tables.findRow(id);
      if (table) return tableFacts(table);
    } else {
      const row = await this.exports.find(id);
      if (row) return exportFacts(row);
    }
    throw new InternalError('no_product', `${id} is not there.`);
  }
}
