import { execFile, execFileSync } from 'node:child_process';
import { chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { tempDir } from '@apwa/test-kit';
import { numberedRows, System } from './support/system.js';

const SHIM = fileURLToPath(new URL('support/connect-log.c', import.meta.url));

/** Real: everything. A C compiler makes what writes down where the services and their children connect to. */
describe('the connections of a whole run', () => {
  it('should go to configured hosts alone: import, planning, model calls, SQL and export', async () => {
    await using dir = await tempDir();
    await chmod(dir.path, 0o777);
    const shim = join(dir.path, 'connect-log.so');
    const log = join(dir.path, 'connections');
    execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', shim, SHIM, '-ldl'], { stdio: 'pipe' });
    const env = { LD_PRELOAD: shim, CONNECT_LOG: log };

    // What it is there to find, it finds.
    const probe = `fetch('http://192.0.2.1:8080').catch(() => 0); require('dns').lookup('unconfigured.invalid', () => 0); setTimeout(() => process.exit(), 500)`;
    await promisify(execFile)(process.execPath, ['-e', probe], {
      env: { ...process.env, NODE_OPTIONS: '', ...env, CONNECT_LOG: `${log}.probe` },
    });
    expect(await readFile(`${log}.probe`, 'utf8')).toMatch(/address 192\.0\.2\.1\n/);
    expect(await readFile(`${log}.probe`, 'utf8')).toMatch(/name unconfigured\.invalid\n/);

    const system = await System.start({ env });
    try {
      const goal = 'List the email addresses in these messages, and count the messages by email address.';
      const run = await system.run({ inputs: { rows: numberedRows(60) }, goal, outputs: [{ format: 'csv' }] });
      expect(run).toMatchObject({ state: 'succeeded', error: null });
    } finally {
      await system.stop();
    }
    const seen = new Set((await readFile(log, 'utf8')).split('\n').filter((line) => line !== ''));
    expect(seen.size).toBeGreaterThan(0);
    expect([...seen].filter((line) => !['address 127.0.0.1', 'name 127.0.0.1'].includes(line))).toEqual([]);
  });
});
