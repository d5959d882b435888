import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { certificateText } from '../certificates/certificates.ts';
import { borrowLab } from './borrowed.ts';
import { readMasterKey } from './client.ts';
import { until } from './command.ts';
import { createOperator } from './operator.ts';
import {
  all,
  behind,
  CONFIG,
  crowd,
  edited,
  inFiles,
  LLAMA,
  onHost,
  PHI,
  serve,
  SERVERS,
  simulate,
  usesBoth,
  yaml,
  type Plant,
} from './planting.ts';

const lab = borrowLab();
const operator = createOperator();
const key = await readMasterKey();

const VARIABLES = join(operator.folder, 'inventories/group_vars/all/main.yml');
const INVENTORY = join(operator.folder, 'inventories/dev.ini');
const HOST_VARIABLES = join(operator.folder, 'inventories/host_vars/hx-api-server.yml');

const gateway = (script: string): Promise<string> => lab.host('hx-api-server').must(script);

const TLS = all(
  behind(lab, INVENTORY, 'pass', { cert: certificateText('expired.pem'), key: certificateText('expired.key') }),
  inFiles(
    HOST_VARIABLES,
    yaml({
      litellm_tls_cert: certificateText('expired.pem'),
      litellm_tls_key: certificateText('expired.key'),
    }),
  ),
);

/** Each fault: the checks of smoke that fail for it, and the diagnosis of doctor. */
const FAULTS: readonly (readonly [string, Plant, readonly string[], string])[] = [
  [
    'a wrong key',
    inFiles(HOST_VARIABLES, yaml({ litellm_master_key: 'sk-another-key-that-is-long-enough-0123456789' })),
    ['auth.key-accepted'],
    'auth.wrong-key',
  ],
  ['a wrong alias', edited(VARIABLES, '"phi3-3.8b"', '"phi3-3-8b"'), ['models.listed'], 'models.wrong-alias'],
  [
    'a stale configuration',
    edited(
      VARIABLES,
      'litellm_models:',
      `litellm_models:\n  - {name: "mistral-7b", provider: "ollama", model: "${PHI}"}`,
    ),
    ['models.listed'],
    'config.stale',
  ],
  ['a buffering proxy in between', behind(lab, INVENTORY, 'buffer'), ['stream.unbuffered'], 'stream.buffered'],
  ['a truncated stream', behind(lab, INVENTORY, 'cut'), ['stream.framed'], 'stream.truncated'],
  ['an expired certificate', TLS, ['http.certificate-days'], 'tls.expired'],
  [
    'a slow backend',
    all(inFiles(HOST_VARIABLES, yaml({ litellm_smoke_tokens_per_s: 40 })), async () => {
      await simulate(lab, 'hx-llm02-server', 'POST', 'speed', { speed: 0.04 });
      return () => simulate(lab, 'hx-llm02-server', 'POST', 'speed', { speed: 1 });
    }),
    ['backends.fast-enough'],
    'backends.slow',
  ],
  [
    'a full queue',
    all(onHost(lab, `sed -i 's/^hxllm:/&\\n  max_queue: 2/' ${CONFIG}`), crowd(lab, key)),
    ['models.answered'],
    'queue.full',
  ],
  [
    'a lopsided balance',
    // The second entry of the first alias.
    onHost(lab, `sed -i '8,11d' ${CONFIG}`),
    ['backends.configured'],
    'balance.lopsided',
  ],
  [
    'a missing model',
    async () => {
      await serve(lab, 'hx-llm02-server', LLAMA);
      return () => serve(lab, 'hx-llm02-server', PHI, LLAMA);
    },
    ['backends.have-models'],
    'models.missing',
  ],
  [
    'a second alias on no server',
    async () => {
      await Promise.all(SERVERS.map((server) => serve(lab, server, PHI)));
      return () => undefined;
    },
    ['models.answered'],
    'models.on-no-server',
  ],
  [
    'a context that is too small',
    async () => {
      await Promise.all(SERVERS.map((server) => serve(lab, server, `${PHI},trained-context=4096`, LLAMA)));
      return () => Promise.all(SERVERS.map((server) => serve(lab, server, PHI, LLAMA)));
    },
    ['prompts.room'],
    'models.context-small',
  ],
  [
    'a dead backend',
    async () => {
      await lab.host('hx-llm02-server').must('systemctl stop ollama');
      return () => lab.host('hx-llm02-server').must('systemctl start ollama');
    },
    ['backends.used'],
    'backends.dead',
  ],
  [
    'a stopped service',
    async () => {
      await gateway('systemctl stop litellm');
      return () => gateway('systemctl start litellm');
    },
    ['http.connects'],
    'service.stopped',
  ],
];

/** The parts of both commands' documents that are compared. */
interface Judged {
  readonly smoke: number;
  readonly failed: readonly string[];
  readonly doctor: number;
  readonly diagnosis: string;
  readonly said: string;
}

/** Runs both commands at once: neither changes anything, and the file is to be short. */
async function judge(): Promise<Judged> {
  const [smoked, examined] = await Promise.all([
    operator.deploy('smoke', '--json'),
    operator.deploy('doctor', '--json'),
  ]);
  const said = `${smoked.stdout}${smoked.stderr}${examined.stdout}${examined.stderr}`;
  // Both documents are as their schemas say.
  const { results } = JSON.parse(smoked.stdout) as {
    readonly results: readonly { readonly id: string; readonly outcome: string }[];
  };
  const { diagnoses } = JSON.parse(examined.stdout) as { readonly diagnoses: readonly { readonly id: string }[] };
  return {
    smoke: smoked.exitCode,
    failed: results.filter(({ outcome }) => outcome === 'fail').map(({ id }) => id),
    doctor: examined.exitCode,
    diagnosis: diagnoses.map(({ id }) => id).join(),
    said,
  };
}

test('smoke is green on a good lab, and doctor calls it healthy', lab.only, async () => {
  const ran = await operator.deploy('enforce', '--yes');
  assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
  const { smoke, failed, doctor, diagnosis, said } = await judge();
  assert.deepEqual([smoke, failed, doctor, diagnosis], [0, [], 0, 'healthy'], said);
});

async function drainedServers(): Promise<number> {
  const { backends } = JSON.parse(await gateway('/opt/litellm/current/gateway --control backends')) as {
    readonly backends: readonly { readonly drained: boolean }[]; // as the gateway prints them
  };
  return backends.filter(({ drained }) => drained).length;
}

test('with --fault a server is taken out, nothing fails, and it is put back', lab.only, async () => {
  const ran = await operator.deploy('smoke', '--fault', '--yes', '--verbose');
  assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
  assert.match(
    ran.stdout,
    /✓ nothing fails while a server is out of use: http:\/\/hx-llm0\d\S+ was out of use: \d+ requests/,
  );
  assert.match(ran.stdout, /✓ the server is in use again/);
  assert.equal(await drainedServers(), 0);
});

test('a server is put back after Ctrl-C, and when hxllm is killed', lab.only, async () => {
  for (const signal of ['SIGINT', 'SIGKILL'] as const) {
    // It is out for less than a second on a fast machine, so the host itself watches the gateway's file of drains.
    const isOut = gateway(
      `timeout 240 bash -c "until grep -qs '\\"url\\"' /var/lib/litellm/drained.json; do sleep 0.02; done"`,
    );
    await operator.cutOff(signal, isOut, 'smoke', '--fault', '--yes');
    await isOut;
    await until(`the server to be back after ${signal}`, 30_000, async () => (await drainedServers()) === 0);
  }
});

for (const [title, plant, checks, diagnosis] of FAULTS)
  test(`${title} makes smoke red at ${checks.join()}, and doctor says ${diagnosis}`, lab.only, async () => {
    const back = await plant();
    try {
      const judged = await judge();
      const code = diagnosis === 'models.context-small' ? 0 : 1;
      assert.equal(judged.diagnosis, diagnosis, judged.said);
      assert.deepEqual([judged.smoke, judged.doctor], [code, code], judged.said);
      // Some faults have consequences that other checks see, too.
      for (const id of checks) assert.ok(judged.failed.includes(id), judged.said);
    } finally {
      await back();
      await until('the gateway to use both servers again', 60_000, () => usesBoth(key));
    }
  });
