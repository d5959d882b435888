import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ok } from '../../../src/core/problem.ts';
import type { CheckResult } from '../../../src/core/verdict.ts';

import { runPreflight } from '../../../src/phases/preflight/run.ts';
import { configOf, createAnsweringHost, hostOf, resultOf, toolsOf } from './host.ts';
import { LLM02, NOW_MS, SETTINGS, GOOD, judge, sample } from './judging.ts';

test('a domain is required only if the variables say so', async () => {
  assert.equal(resultOf(await judge(GOOD), 'domain.joined').seen, 'hana-x.ai (realmd, SSSD)');
  const bare = { ...GOOD, join: sample('domain-join-none') };
  assert.deepEqual(
    [
      resultOf(await judge(bare), 'domain.joined').outcome,
      resultOf(await judge(bare, { requireDomainJoin: false }), 'domain.joined').outcome,
    ],
    ['fail', 'not-applicable'],
  );
});

test('one outage is reported once: checks that depend on a name or a backend are skipped with the reason', async () => {
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

test('a port is free, hxllm’s, or reported with the foreign program that holds it', async () => {
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
  assert.match(resultOf(await judge({ ...without, port }), 'place.port-free').seen, /only root can see the program/);
});

test('a drop-in is named with its settings, and is a warning only where the gateway could not work with it', async () => {
  const encode = (text: string): string => Buffer.from(text).toString('base64');
  const dropIn = (text: string): string =>
    `dropin ${['litellm.service', '/etc/systemd/system/litellm.service.d/override.conf', text].map(encode).join(' ')}\n`;
  const judged = async (text: string): Promise<CheckResult> =>
    resultOf(await judge({ ...GOOD, dropIns: dropIn(text) }), 'place.drop-ins');
  const memory = await judged('[Service]\nMemoryMax=2G\n');
  assert.deepEqual(
    [memory.outcome, memory.seen],
    ['pass', 'kept: /etc/systemd/system/litellm.service.d/override.conf (MemoryMax)'],
  );
  const user = await judged('[Service]\nUser=nobody\n');
  assert.deepEqual([user.outcome, user.severity], ['fail', 'warning']);
  assert.match(user.fix ?? '', /^sudo mv \S+override\.conf \S+override\.conf\.off && .*# on hx-api-server$/);
});

test('a clock that is ahead is found however long the other questions take', async () => {
  const ahead = { clock: `${String(NOW_MS + 6000)}\nNTPSynchronized=yes\n`, ended: `${String(NOW_MS + 26_000)}\n` };
  const times = [NOW_MS, NOW_MS + 20_000];
  const tools = toolsOf(() => Promise.resolve(ok(createAnsweringHost('hx-api-server', { ...GOOD, ...ahead }))), NOW_MS);
  const slow = { ...tools, nowMs: () => times.shift() ?? NOW_MS + 20_000 };
  const { results } = await runPreflight(configOf([hostOf('hx-api-server', SETTINGS)]), slow);
  assert.match(resultOf(results, 'time.synchronized').seen, /it is 6\.0 s off this machine’s clock/);
});

test('a listener on another address does not prevent one on the loopback', async () => {
  const port = '  sl  local_address\n   0: 0B004D0A:0FA0 00000000:0000 0A 0 1\n';
  assert.match(resultOf(await judge({ ...GOOD, port }, { listen: '127.0.0.1' }), 'place.port-free').seen, /is free/);
  assert.match(resultOf(await judge({ ...GOOD, port }), 'place.port-free').seen, /held on 10\.77\.0\.11/);
});

test('an undefined list is not applicable and names the command that defines it', async () => {
  const results = await judge(GOOD, { models: undefined, backends: undefined });
  for (const id of ['dns.backend-resolves', 'ollama.answers', 'models.present']) {
    assert.equal(resultOf(results, id).outcome, 'not-applicable');
    assert.match(resultOf(results, id).seen, /run hxllm inventory/);
  }
});

test('without bash there is one failure, and all other checks are skipped', async () => {
  const results = await judge({});
  assert.deepEqual(
    results
      .filter(({ outcome }) => outcome !== 'skip' && outcome !== 'pass' && outcome !== 'not-applicable')
      .map(({ id, outcome }) => [id, outcome]),
    [['system.bash', 'unknown']],
  );
});

test('the service manager process needs neither systemd nor root', async () => {
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
    String.raw`ssh -t -o ProxyJump=bastion -i '/k e y' -p 2222 deploy@10.0.0.5 'echo '\''deploy ALL=(ALL) NOPASSWD: ALL'\'' | sudo install -m 440 /dev/stdin /etc/sudoers.d/hxllm && sudo visudo -c'  # or give hxllm the password: --ask-become-pass`,
  );
});
