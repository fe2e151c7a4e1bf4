import {
  canHaveRay,
  eventually,
  freePort,
  LOOPBACK,
  makeCertificate,
  RAY_INSTALL_TIMEOUT_MS,
  RayTestCluster,
  serviceEnvironment,
  startApp,
  tempDir,
} from '@apwa/test-kit';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startOnRay } from './support/ray-system.js';
import { expectEveryRowOnce, mailPlan, numberedRows, type System } from './support/system.js';

const ROWS = 300;
// Ray takes Python, without which everything else works.
const describeOnRay = (await canHaveRay()) ? describe : describe.skip;

/** Real: everything; certificates are made as for a deployment. Two more clusters, of the same nodes, have the wrong way to NATS. */
describeOnRay('NATS with TLS', () => {
  let system: System;
  let stop: () => Promise<void>;
  let otherCa: string;

  beforeAll(async () => {
    const dir = await tempDir('tls');
    const natsTls = await makeCertificate(join(dir.path, 'nats'));
    otherCa = (await makeCertificate(join(dir.path, 'other'))).caFile;
    const nats = await freePort();
    const ray = await RayTestCluster.start({ head: 2 });
    const pool = (licence: string) => [{ name: licence, min: 1, max: 1, resources: { custom: { [licence]: 1 } } }];
    const started = await startOnRay(ray, [{ name: 'default', slots: 16, min: 1, max: 1 }], {
      natsTls,
      ports: { nats },
      clusters: [
        { ...ray.access, name: 'deceived', natsUrl: `tls://${LOOPBACK}:${nats}`, natsCaFile: otherCa, pools: pool('deceived') },
        { ...ray.access, name: 'clear', natsUrl: `nats://${LOOPBACK}:${nats}`, pools: pool('clear') },
      ],
    });
    system = started.system;
    stop = async () => {
      await started.stop();
      await dir.remove();
    };
  }, RAY_INSTALL_TIMEOUT_MS);
  afterAll(() => stop());

  it('should carry runs, with services, fabric and members connected over it', async () => {
    expect(await readFile(system.configFile, 'utf8')).toMatch(/url: tls:/);
    const ended = await system.run({ inputs: { rows: numberedRows(ROWS) }, plan: mailPlan() });
    expect(ended).toMatchObject({ state: 'succeeded', error: null });
    expectEveryRowOnce(await system.rows(ended, 'mails'), ROWS);
  });

  it.each([
    [
      'that trusts somebody else',
      'deceived',
      () => `its certificate is refused: .*; who may vouch for it stands in ${otherCa} \\(natsCaFile\\)`,
    ],
    ['that speaks in the clear', 'clear', () => 'its certificate is refused: .*; it asks for TLS: its address is to begin with tls://'],
  ])('should keep out a fabric %s, whose cluster says why', async (_, name, words) => {
    const plan = mailPlan();
    const steps = plan.steps.map((step) =>
      step.kind === 'map' ? { ...step, template: { ...step.template, resources: { custom: { [name]: 1 } } } } : step,
    );
    const run = await system.submit({ inputs: { rows: numberedRows(1) }, plan: { ...plan, steps } });
    const said = new RegExp(`^Ray cluster ${name}: the fabric failed: ConnectionError: NATS can't be reached .*: ${words()}`);
    await eventually(async () => said.test((await system.client.runs.get(run.id)).steps[0]?.waitingFor ?? ''), {
      timeoutMs: 120_000,
      what: 'the reason',
    });
    await system.client.runs.cancel(run.id);
  });

  it('should keep out a member that trusts somebody else, and have it say why', async () => {
    const logFile = join(system.stack.dir, 'deceived-member.log');
    const said = `can't be used yet (its certificate is refused: unable to verify the first certificate`;
    const member = await startApp({
      app: 'worker-pool',
      env: serviceEnvironment(system.configFile, { APWA_POOL: 'default', APWA__nats__caFile: otherCa }),
      logFile,
      ready: async () => (await readFile(logFile, 'utf8')).includes(said),
      readyTimeoutMs: 60_000,
    });
    await member.kill();
    expect(await readFile(logFile, 'utf8')).toContain(`${otherCa} (nats.caFile)`);
  });
});
