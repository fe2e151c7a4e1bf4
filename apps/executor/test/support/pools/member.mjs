/**
 * A member for tests, which joins nobody. First argument: a folder; its file `mode` says how the member behaves, and each member
 * writes its process id to the file of its instance there, and `drained` beside it when it ends in order.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder] = process.argv.slice(2);
const { APWA_INSTANCE: instance, APWA_LIFELINE: lifeline, APWA_POOL: pool } = process.env;
if (!instance || !pool || lifeline !== '1') throw new Error('who am I?');
const mode = existsSync(join(folder, 'mode')) ? readFileSync(join(folder, 'mode'), 'utf8') : 'serve';

process.stdin.on('end', () => process.exit(0)).resume();
if (mode === 'broken') {
  console.log(JSON.stringify({ level: 'fatal', msg: `member of ${pool}: there is no model` }));
  console.error('the very last line');
  process.exit(3);
}
process.on('SIGTERM', () => {
  if (mode === 'deaf') return;
  writeFileSync(join(folder, `${instance}.drained`), '');
  process.exit(0);
});
// Holds the output open, and would go on for long.
if (mode === 'parent') writeFileSync(join(folder, `${instance}.child`), String(spawn('sleep', ['300'], { stdio: 'inherit' }).pid));
writeFileSync(join(folder, `${instance}.new`), String(process.pid));
renameSync(join(folder, `${instance}.new`), join(folder, `${instance}.pid`));
console.log(JSON.stringify({ level: 'info', msg: 'ready' }));
const hoard = mode === 'greedy' ? Buffer.alloc(400 * 2 ** 20, 1) : undefined;
setInterval(() => hoard, 60_000);
