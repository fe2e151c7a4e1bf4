import { authOf } from '@apwa/config';
import { newId } from '@apwa/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config, LOG, type Logger } from '../settings.js';
import { takeKeyFile } from './first-key-file.js';
import { hashOf, prefixOf } from './key-text.js';
import { KeysRepository } from './keys.repository.js';

const NAME = 'first key';

/** Sees to it that there is a key to make the others with. */
@Injectable()
export class FirstKeyService {
  constructor(
    private readonly keys: KeysRepository,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  /** Only while there is no key at all: one that was revoked stays revoked, whatever the file still holds. */
  async provide(): Promise<void> {
    const { manager } = this.config;
    if (authOf(manager) === 'none') return;
    const file = manager.firstKeyFile;
    await this.keys.alone(async (queries) => {
      if ((await this.keys.count(queries)) > 0) return;
      if (file === undefined) {
        this.log.warn('there is no key, and nobody can make one: manager.firstKeyFile names the file of a first one');
        return;
      }
      const { key, made } = await takeKeyFile(file);
      const row = { id: newId('key'), name: NAME, scope: 'admin' as const, prefix: prefixOf(key), hash: hashOf(key), expiresAt: null };
      await this.keys.create(queries, row);
      this.log.info({ key: row.id, file, made }, 'the first key is the one in the file');
    });
  }
}
