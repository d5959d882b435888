import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { stringify } from 'yaml';
import { certificateText } from '../certificates/certificates.ts';
import { borrowLab } from './borrowed.ts';
import { alive, aliveOverTls } from './client.ts';
import { until } from './command.ts';
import { changedFiles, type Files } from './host/overlay.ts';
import type { LabHost } from './host/host.ts';
import { createOperator } from './operator.ts';
import { ZONE } from './place.ts';
import { preflightOf, type LabPreflight } from './preflight.ts';

const lab = borrowLab();
const operator = createOperator();
const CERTIFICATES = ['good', 'expired', 'future', 'wrong-name', 'untrusted', 'untrusted-expired', 'leaf'] as const;
const urlOf = (name: (typeof CERTIFICATES)[number], server = 'hx-llm01-server'): string =>
  `https://${server}.${ZONE}:${String(8440 + CERTIFICATES.indexOf(name))}`;

/** A proxy with TLS in front of Ollama for each certificate, on the runtime that serves Ollama there. */
const PROXY = `
const [https, http, fs] = ['https', 'http', 'fs'].map((name) => require(name));
${JSON.stringify(CERTIFICATES)}.forEach((name, index) => {
  const files = { cert: fs.readFileSync('/opt/tls/' + name + '.pem'), key: fs.readFileSync('/opt/tls/' + name + '.key') };
  https.createServer(files, (request, response) => {
    const { method, url, headers } = request;
    const onward = http.request({ port: 11434, agent: false, method, path: url, headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  }).listen(8440 + index);
});`;

async function serveTls(host: LabHost): Promise<void> {
  const put = (path: string, text: string): string =>
    `base64 -d > ${path} <<'EOF'\n${Buffer.from(text).toString('base64')}\nEOF\n`;
  const files = CERTIFICATES.flatMap((name) => [`${name}.pem`, `${name}.key`]);
  await host.must(`set -e
mkdir /opt/tls
${files.map((name) => put(`/opt/tls/${name}`, certificateText(name))).join('')}${put('/opt/tls/proxy.cjs', PROXY)}
systemd-run --quiet --unit=tls /opt/ollama/node /opt/tls/proxy.cjs
for ((n = 0; n < 100; n++)); do (exec 3<>/dev/tcp/127.0.0.1/8440) 2>/dev/null && break; sleep 0.1; done`);
}

/** Writes the backends and the authorities of the next commands. */
function configure(urls: readonly string[], ...authorities: readonly string[]): void {
  mkdirSync(join(operator.folder, 'files'), { recursive: true });
  writeFileSync(join(operator.folder, 'files/ca.pem'), authorities.map(certificateText).join(''));
  writeFileSync(
    join(operator.folder, 'inventories/group_vars/all/tls.yml'),
    `---\nlitellm_backends: ${JSON.stringify(urls)}\n${authorities.length === 0 ? '' : 'litellm_ca_file: files/ca.pem\n'}`,
  );
}

const preflight = (): Promise<LabPreflight> => preflightOf(operator);

const behind = (...ids: readonly string[]): readonly string[] => ids.map((id) => `trust.${id} skip`);

test('backends with TLS and a private authority', lab.only, async () => {
  for (const name of ['hx-llm01-server', 'hx-llm02-server'] as const) await serveTls(lab.host(name));
});

test('from a bare host each certificate fails its own check and no other', lab.only, async () => {
  const host = lab.host('hx-api-server');
  assert.equal(
    await host.must('command -v openssl curl update-ca-certificates; ls -d /etc/ssl/certs 2>/dev/null || :'),
    '',
  );
  for (const [name, expected] of [
    ['good', []],
    ['leaf', []],
    ['expired', ['trust.dates fail', ...behind('expiry', 'runtime-connects')]],
    ['future', ['trust.dates fail', ...behind('expiry', 'runtime-connects')]],
    ['wrong-name', ['trust.name fail', ...behind('runtime-connects')]],
    ['untrusted', ['trust.chain fail', ...behind('host-chain', 'runtime-connects')]],
    [
      'untrusted-expired',
      ['trust.chain fail', 'trust.dates fail', ...behind('expiry', 'host-chain', 'runtime-connects')],
    ],
  ] as const) {
    configure([urlOf(name)], 'ca.pem');
    assert.deepEqual((await preflight()).faults, expected, name);
  }
  configure([urlOf('good')]);
  assert.deepEqual((await preflight()).faults, ['trust.chain fail', ...behind('host-chain', 'runtime-connects')]);
});

test('where sshd forwards nothing, bash carries the bytes', lab.only, async () => {
  const host = lab.host('hx-api-server');
  await host.must("printf 'AllowTcpForwarding no\\n' > /etc/ssh/sshd_config.d/00-no.conf; systemctl reload ssh");
  configure([urlOf('good'), urlOf('good', 'hx-llm02-server')], 'ca.pem');
  assert.deepEqual((await preflight()).faults, []);
  await host.must('rm /etc/ssh/sshd_config.d/00-no.conf; systemctl reload ssh');
});

let bare: Files = new Map();

test(
  'the gateway serves from https backends with the authorities of litellm_ca_file, and from none without',
  lab.only,
  async () => {
    const host = lab.host('hx-api-server');
    bare = host.files();
    configure([urlOf('good'), urlOf('leaf', 'hx-llm02-server')], 'ca.pem');
    for (const words of [['enforce', '--yes'], ['smoke']]) {
      const ran = await operator.deploy(...words);
      assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
    }
    assert.equal(await host.must('stat -c %U:%G:%a /etc/litellm/ca.pem'), 'root:litellm:640');
    const { all, faults } = await preflight();
    assert.deepEqual(faults, []);
    const proofs = all.filter(({ id }) => id.startsWith('trust.runtime-connects['));
    assert.deepEqual(
      proofs.map(({ outcome, seen }) => [outcome, seen]),
      [
        ['pass', 'connected as litellm'],
        ['pass', 'connected as litellm'],
      ],
    );
    const again = await operator.deploy('enforce', '--yes');
    assert.equal(operator.lastRun().changes, 0, again.stdout);
  },
);

test('other authorities restart the gateway, and a file that is not wanted any more goes', lab.only, async () => {
  const host = lab.host('hx-api-server');
  const inUse = (): Promise<string> => host.must('ls /etc/systemd/system/litellm.service.wants');
  const before = await inUse();
  configure([urlOf('untrusted')], 'ca.pem', 'other.pem');
  for (const words of [['enforce', '--yes'], ['smoke']]) {
    const ran = await operator.deploy(...words);
    assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
  }
  assert.notEqual(await inUse(), before);
  // No backend would answer any more: the new instance does not take over.
  configure([urlOf('good')]);
  const refused = await operator.deploy('enforce', '--yes');
  assert.equal(refused.exitCode, 1, refused.stdout);
  assert.match(refused.stdout + refused.stderr, /fit to serve[\s\S]*"backends","ok":false/);
  configure(['http://hx-llm01-server.dev-test.hana-x.ai:11434']);
  assert.equal((await operator.deploy('enforce', '--yes')).exitCode, 0);
  assert.equal(await host.must('ls /etc/litellm/ca.pem 2>/dev/null || :'), '');
  assert.equal(await host.must('systemctl show litellm -p Environment --value'), '');
  assert.equal((await operator.deploy('smoke')).exitCode, 0);
});

test('the gateway speaks TLS with a pair that enforce sends, and HTTP again without it', lab.only, async () => {
  const host = lab.host('hx-api-server');
  const configureTls = (cert: string, key: string): void => {
    configure([urlOf('good')], 'ca.pem');
    const pair = { litellm_tls_cert: certificateText(cert), litellm_tls_key: certificateText(key) };
    appendFileSync(join(operator.folder, 'inventories/group_vars/all/tls.yml'), stringify(pair));
  };
  configureTls('good.pem', 'leaf.key');
  const crossed = await operator.deploy('enforce', '--yes');
  assert.notEqual(crossed.exitCode, 0);
  assert.match(crossed.stdout + crossed.stderr, /the private key of CN=good/);
  configureTls('good.pem', 'good.key');
  for (const words of [
    ['enforce', '--yes'],
    ['smoke', '--through-ssh'],
  ]) {
    const ran = await operator.deploy(...words);
    assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
  }
  assert.equal(await aliveOverTls(), '200 good');
  assert.notEqual(await alive(), '200');
  assert.equal(await host.must('stat -c %U:%G:%a /etc/litellm/tls-key.pem'), 'root:litellm:640');
  assert.match((await operator.deploy('enforce', '--yes')).stdout, /no changes needed/);
  const drift = await operator.hxllm('drift');
  assert.deepEqual([drift.exitCode, drift.stdout], [0, '']);
  assert.doesNotMatch(operator.evidence(), /PRIVATE KEY/);
  assert.equal(
    await host.must('grep -rl "PRIVATE KEY" /etc/litellm /opt/litellm/deployments'),
    '/etc/litellm/tls-key.pem',
  );
  configure([urlOf('good')], 'ca.pem');
  assert.equal((await operator.deploy('enforce', '--yes')).exitCode, 0);
  assert.equal(await alive(), '200');
  assert.equal(await host.must('ls /etc/litellm'), 'ca.pem\nconfig.yaml\nlitellm.env');
});

test(
  'a pair on the host is used when it is renewed, by the same instance, and no request fails',
  lab.only,
  async () => {
    const host = lab.host('hx-api-server');
    const place = async (file: string, name: string): Promise<void> => {
      const text = Buffer.from(certificateText(name)).toString('base64');
      await host.must(`echo ${text} | base64 -d > ${file}.new
chown root:litellm ${file}.new && chmod 640 ${file}.new && mv ${file}.new ${file}`);
    };
    const [cert, key] = ['/etc/gateway-tls/cert.pem', '/etc/gateway-tls/key.pem'];
    await host.must('mkdir /etc/gateway-tls');
    await place(cert, 'good.pem');
    await place(key, 'good.key');
    configure([urlOf('good')], 'ca.pem');
    const pair = stringify({ litellm_tls_cert: cert, litellm_tls_key: key });
    appendFileSync(join(operator.folder, 'inventories/group_vars/all/tls.yml'), pair);
    const ran = await operator.deploy('enforce', '--yes');
    assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
    const pid = (): Promise<string> =>
      host.must('systemctl show -P MainPID "$(basename /etc/systemd/system/litellm.service.wants/litellm@*.service)"');
    const instance = await pid();
    const seen = new Map<string, number>();
    const state = { ended: false };
    const clients = Array.from({ length: 4 }, async () => {
      while (!state.ended) {
        const answer = await aliveOverTls();
        seen.set(answer, (seen.get(answer) ?? 0) + 1);
      }
    });
    // The pair does not fit until both are there.
    await place(key, 'leaf.key');
    await until('the refusal of a pair that does not fit', 60_000, async () =>
      (await host.must('journalctl -u litellm --no-pager -o cat')).includes('"event":"certificate-refused"'),
    );
    await place(cert, 'leaf.pem');
    await until('the renewed certificate', 60_000, () => Promise.resolve((seen.get('200 leaf') ?? 0) > 20));
    state.ended = true;
    await Promise.all(clients);
    assert.deepEqual([...seen.keys()].toSorted(), ['200 good', '200 leaf']);
    assert.equal(await pid(), instance);
  },
);

test('uninstall leaves nothing of the authorities', lab.only, async () => {
  configure([urlOf('good')], 'ca.pem');
  assert.equal((await operator.deploy('enforce', '--yes')).exitCode, 0);
  assert.equal((await operator.deploy('uninstall', '--yes')).exitCode, 0);
  await lab.host('hx-api-server').must('rm -r /etc/gateway-tls');
  assert.deepEqual(changedFiles(bare, lab.host('hx-api-server').files()), []);
});
