import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Settings } from '../../../src/config/config.ts';
import { ok } from '../../../src/core/problem.ts';
import type { CheckResult } from '../../../src/core/verdict.ts';
import { runPreflight } from '../../../src/phases/preflight/run.ts';
import { backendsOf, configOf, createAnsweringHost, hostOf, modelOf, resultOf, toolsOf, type Answers } from './host.ts';

const LLM01 = 'http://hx-llm01-server:11434';
const LLM02 = 'http://hx-llm02-server:11434';
const NOW_MS = 1_795_559_706_000;
const said = (body: string): string => `HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n${body}`;
const SETTINGS: Partial<Settings> = {
  requireDomainJoin: true,
  backends: backendsOf(LLM01, LLM02),
  models: [modelOf('phi3-3.8b', 'phi3:3.8b'), modelOf('llama', 'Llama3', [LLM02])],
};
const TAGS = said('{"models":[{"name":"phi3:3.8b"},{"name":"llama3:latest"}]}');

const GOOD: Answers = {
  os: 'ID=debian\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
  machine: 'x86_64\n6.1.0-40-amd64\nglibc 2.36\n',
  systemd: 'systemd 252 (252.39-1~deb12u2)\nbooted=yes\nstate=running\n',
  identity: '1000\ndeploy\n',
  sudo: '',
  domains: 'hana-x.ai\nHANA-X.AI\n',
  clock: `${String(NOW_MS)}\nNTPSynchronized=yes\n`,
  programs: 'bash=5.2.15(1)-release\npython=\n',
  disk: '/\n8000000000 /\n',
  addresses: '  |-- 10.77.0.11\n     /32 host LOCAL\ninet6\n',
  port: '  sl  local_address\n',
  foreign: '',
  'resolves hx-llm01-server': '10.77.0.12 STREAM hx-llm01-server\n',
  'resolves hx-llm02-server': '10.77.0.13 STREAM hx-llm02-server\n',
  [`version ${LLM01}`]: said('{"version":"0.22.1"}'),
  [`version ${LLM02}`]: said('{"version":"0.22.1"}'),
  [`models ${LLM01}`]: TAGS,
  [`models ${LLM02}`]: TAGS,
};

async function judge(answers: Answers, settings: Partial<Settings> = {}): Promise<readonly CheckResult[]> {
  const host = hostOf('hx-api-server', { ...SETTINGS, ...settings });
  const tools = toolsOf(() => Promise.resolve(ok(createAnsweringHost('hx-api-server', answers))), NOW_MS);
  return (await runPreflight(configOf([host]), tools)).results;
}

test('an address to listen on that the host does not have is a warning with those that it has', async () => {
  const seen = resultOf(await judge(GOOD, { listen: '10.77.0.12' }), 'place.address');
  assert.deepEqual([seen.outcome, seen.severity, seen.seen], ['fail', 'warning', 'it has 10.77.0.11']);
  for (const listen of ['10.77.0.11', '::', '127.0.0.1'])
    assert.equal(resultOf(await judge(GOOD, { listen }), 'place.address').outcome, 'pass');
});

test('a good host passes everything', async () => {
  const results = await judge(GOOD);
  assert.deepEqual(
    results.filter(({ outcome }) => outcome !== 'pass'),
    [],
  );
  assert.equal(new Set(results.map(({ id }) => id)).size, results.length);
  assert.equal(resultOf(results, 'privilege.sudo').seen, 'deploy becomes root without a prompt');
});

const OTHER: readonly (readonly [string, Answers, string, CheckResult['outcome'], RegExp])[] = [
  [
    'another distribution is a warning',
    { os: 'ID=fedora\nPRETTY_NAME="Fedora 43"\n' },
    'system.distribution',
    'fail',
    /Fedora 43/,
  ],
  [
    'an architecture without a runtime',
    { machine: 'riscv64\n6.1.0\nglibc 2.41\n' },
    'system.architecture',
    'fail',
    /riscv64/,
  ],
  ['an old C library', { machine: 'x86_64\n4.18\nglibc 2.17\n' }, 'system.libc', 'fail', /glibc 2\.17/],
  ['another C library', { machine: 'x86_64\n6.1\nunknown\n' }, 'system.libc', 'fail', /another C library/],
  ['no systemd', { systemd: 'booted=no\nstate=' }, 'system.systemd', 'fail', /no systemctl/],
  [
    'systemd without being init',
    { systemd: 'systemd 252 (x)\nbooted=no\nstate=offline' },
    'system.systemd',
    'fail',
    /something else is init/,
  ],
  [
    'an old systemd',
    { systemd: 'systemd 239 (x)\nbooted=yes\nstate=running' },
    'system.systemd',
    'fail',
    /systemd 239/,
  ],
  [
    'sudo that asks',
    { sudo: { stdout: 'sudo: a password is required\n', exitCode: 1 } },
    'privilege.sudo',
    'fail',
    /a password is required/,
  ],
  ['no sudo', { sudo: { stdout: '', exitCode: 127 } }, 'privilege.sudo', 'fail', /not installed/],
  [
    'root needs none',
    { identity: '0\nroot\n', sudo: { stdout: '', exitCode: 127 } },
    'privilege.sudo',
    'not-applicable',
    /root’s already/,
  ],
  [
    'a clock that nobody keeps',
    { clock: `${String(NOW_MS)}\nNTPSynchronized=no\n` },
    'time.synchronized',
    'fail',
    /nothing keeps it in sync; it agrees with this machine’s clock/,
  ],
  [
    'a clock that is off',
    { clock: `${String(NOW_MS + 90_000)}\nNTPSynchronized=yes\n` },
    'time.synchronized',
    'fail',
    /90\.0 s off/,
  ],
  ['little room', { disk: '/opt\n100000000 /opt\n' }, 'disk.space', 'fail', /95 MiB free on \/opt/],
  [
    'a name that does not resolve',
    { 'resolves hx-llm02-server': '' },
    'dns.backend-resolves[hx-llm02-server]',
    'fail',
    /does not resolve/,
  ],
  [
    'a backend that is down',
    { [`version ${LLM01}`]: { stdout: 'hxllm: connect: Connection refused\n', exitCode: 7 } },
    `ollama.answers[${LLM01}]`,
    'fail',
    /Connection refused/,
  ],
  [
    'a model that nobody has',
    { [`models ${LLM01}`]: said('{"models":[]}'), [`models ${LLM02}`]: said('{"models":[]}') },
    'models.present[llama]',
    'fail',
    /none of them has it/,
  ],
  [
    'a model that one backend lacks',
    { [`models ${LLM01}`]: said('{"models":[]}') },
    'models.everywhere[phi3-3.8b]',
    'fail',
    /missing on http:\/\/hx-llm01-server/,
  ],
  [
    'a question without an answer is unknown',
    { disk: { stdout: '', exitCode: 124 } },
    'disk.space',
    'unknown',
    /no answer within 10 s/,
  ],
];

for (const [title, answers, id, outcome, seen] of OTHER) {
  test(title, async () => {
    const result = resultOf(await judge({ ...GOOD, ...answers }), id);
    assert.equal(result.outcome, outcome, result.seen);
    assert.match(result.seen, seen);
    if (outcome === 'fail')
      assert.ok(
        (result.wanted ?? '') !== '' && (result.fix ?? '') !== '',
        'a failure says what was wanted and what mends it',
      );
  });
}

test('a domain is wanted only where the variables say so', async () => {
  assert.equal(resultOf(await judge(GOOD), 'domain.joined').seen, 'hana-x.ai');
  const bare = { ...GOOD, domains: '' };
  assert.deepEqual(
    [
      resultOf(await judge(bare), 'domain.joined').outcome,
      resultOf(await judge(bare, { requireDomainJoin: false }), 'domain.joined').outcome,
    ],
    ['fail', 'not-applicable'],
  );
});

test('one outage shouts once: what hangs on a name or a backend is skipped and says why', async () => {
  const down = { stdout: 'hxllm: connect: Connection refused\n', exitCode: 7 };
  const results = await judge({
    ...GOOD,
    'resolves hx-llm02-server': '',
    [`version ${LLM02}`]: down,
    [`models ${LLM02}`]: down,
  });
  assert.deepEqual(
    results.filter(({ outcome }) => outcome === 'fail').map(({ id }) => id),
    ['dns.backend-resolves[hx-llm02-server]'],
  );
  assert.match(
    resultOf(results, `ollama.answers[${LLM02}]`).seen,
    /because dns\.backend-resolves\[hx-llm02-server\] did not pass/,
  );
  assert.match(resultOf(results, 'models.present[llama]').seen, /http:\/\/hx-llm02-server:11434 did not answer/);
  assert.equal(resultOf(results, 'models.present[phi3-3.8b]').outcome, 'pass');
});

test('a port is free, ours, or belongs to the foreign finding that holds it', async () => {
  const port = '  sl  local_address\n   0: 00000000:0FA0 00000000:0000 0A 0 1\n';
  assert.match(
    resultOf(await judge({ ...GOOD, port }), 'place.port-free').seen,
    /held on 0\.0\.0\.0 by hxllm’s own gateway/,
  );
  const encode = (text: string): string => Buffer.from(text).toString('base64');
  const foreign = `process ${encode('77')} ${encode('/usr/bin/python3')} ${encode('litellm.service')} ${encode('python3 litellm')}\n`;
  const results = await judge({ ...GOOD, port, foreign });
  assert.equal(resultOf(results, 'place.port-free').outcome, 'not-applicable');
  const finding = resultOf(results, 'place.nothing-foreign');
  assert.deepEqual(
    [finding.outcome, finding.severity, finding.fix],
    ['fail', 'warning', 'hxllm enforce --limit hx-api-server --take-over --dry-run'],
  );
  assert.match(finding.seen, /litellm\.service/);
  const { foreign: _unasked, ...without } = GOOD;
  assert.match(resultOf(await judge({ ...without, port }), 'place.port-free').seen, /takes root to see by whom/);
});

test('a listener on another address is not in the way of one on the loopback', async () => {
  const port = '  sl  local_address\n   0: 0B004D0A:0FA0 00000000:0000 0A 0 1\n';
  assert.match(resultOf(await judge({ ...GOOD, port }, { listen: '127.0.0.1' }), 'place.port-free').seen, /is free/);
  assert.match(resultOf(await judge({ ...GOOD, port }), 'place.port-free').seen, /held on 10\.77\.0\.11/);
});

test('what is not defined yet is not applicable and says what defines it', async () => {
  const results = await judge(GOOD, { models: undefined, backends: undefined });
  for (const id of ['dns.backend-resolves', 'ollama.answers', 'models.present']) {
    assert.equal(resultOf(results, id).outcome, 'not-applicable');
    assert.match(resultOf(results, id).seen, /run hxllm inventory/);
  }
});

test('without bash there is one failure, and the rest waits for it', async () => {
  const results = await judge({});
  assert.deepEqual(
    results.filter(({ outcome }) => outcome !== 'skip' && outcome !== 'pass').map(({ id, outcome }) => [id, outcome]),
    [['system.bash', 'unknown']],
  );
});

test('the service manager process takes neither systemd nor root', async () => {
  const results = await judge(
    { ...GOOD, systemd: 'booted=no\nstate=', sudo: { stdout: '', exitCode: 127 } },
    { serviceManager: 'process' },
  );
  assert.deepEqual(
    ['system.systemd', 'privilege.sudo'].map((id) => resultOf(results, id).outcome),
    ['not-applicable', 'not-applicable'],
  );
});

test('a fix is a command that reaches the host as the inventory does, quoted for both shells', async () => {
  const host = hostOf('hx', SETTINGS, {
    address: '10.0.0.5',
    port: 2222,
    identityFiles: ['/k e y'],
    sshArguments: ['-o', 'ProxyJump=bastion'],
  });
  const tools = toolsOf(
    () =>
      Promise.resolve(
        ok(createAnsweringHost('hx', { ...GOOD, sudo: { stdout: 'sudo: a password is required', exitCode: 1 } })),
      ),
    NOW_MS,
  );
  const { results } = await runPreflight(configOf([host]), tools);
  assert.equal(
    resultOf(results, 'privilege.sudo').fix,
    String.raw`ssh -t -o ProxyJump=bastion -i '/k e y' -p 2222 deploy@10.0.0.5 'echo '\''deploy ALL=(ALL) NOPASSWD: ALL'\'' | sudo tee /etc/sudoers.d/hxllm'`,
  );
});
