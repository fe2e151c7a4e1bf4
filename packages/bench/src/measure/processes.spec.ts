import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpuMsOf, cpuOfStat } from './processes.js';

describe('the CPU time of a process', () => {
  it('should be user and system time, its own and that of its reaped children, whatever its name holds', () => {
    const before = 'S 1 42 42 0 -1 4194560 2000 100 0 0';
    const stat = `42 (a) b ) (c) ${before} 700 50 30 20 20 0 7 0 1234 1000000 5000`;
    expect(cpuOfStat(stat)).toBe((700 + 50 + 30 + 20) * 10);
  });

  it('should be an error where the process is gone, and not that it has used none', async () => {
    const child = spawn('sleep', ['60'], { stdio: 'ignore' });
    const pid = child.pid as number;
    expect(await cpuMsOf([pid])).toBeGreaterThanOrEqual(0);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await expect(cpuMsOf([process.pid, pid])).rejects.toMatchObject({ code: 'process_gone' });
  });
});
