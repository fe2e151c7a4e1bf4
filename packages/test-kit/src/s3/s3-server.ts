import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '@apwa/stack';
import { ensureS3Binary } from './s3-binary.js';

const BUCKET = 'tables';

/** How a storage on the server is reached, keys as in the configuration. */
export interface S3Storage {
  url: string;
  s3: { endpoint: string; region: string; accessKeyId: string; secretAccessKey: string; forcePathStyle: boolean };
}

/** A real S3 server: Versity Gateway over a folder. */
export class S3Server implements AsyncDisposable {
  private constructor(
    private readonly child: ChildProcess,
    private readonly folder: string,
    private readonly port: number,
  ) {}

  static async start(): Promise<S3Server> {
    const gateway = await ensureS3Binary();
    const folder = await mkdtemp(join(tmpdir(), 'apwa-s3-'));
    await mkdir(join(folder, BUCKET));
    const port = await freePort();
    const child = spawn(gateway, ['--port', `127.0.0.1:${port}`, '--access', 'test-access', '--secret', 'test-secret', 'posix', folder], {
      stdio: 'ignore',
    });
    const server = new S3Server(child, folder, port);
    await server.ready();
    return server;
  }

  options(prefix: string): S3Storage {
    return {
      url: `s3://${BUCKET}/${prefix}`,
      s3: {
        endpoint: `http://127.0.0.1:${this.port}`,
        region: 'us-east-1',
        accessKeyId: 'test-access',
        secretAccessKey: 'test-secret',
        forcePathStyle: true,
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = new Promise((resolve) => this.child.once('close', resolve));
    this.child.kill('SIGKILL');
    await ended;
    await rm(this.folder, { recursive: true, force: true });
  }

  private async ready(): Promise<void> {
    for (let tries = 0; tries < 600; tries++) {
      if (this.child.exitCode !== null) throw new Error(`the S3 server ended with ${this.child.exitCode}`);
      const answered = await fetch(`http://127.0.0.1:${this.port}/`).then(
        () => true,
        () => false,
      );
      if (answered) return;
      await sleep(50);
    }
    throw new Error('the S3 server does not answer');
  }
}
