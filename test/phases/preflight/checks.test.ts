import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { CheckResult } from '../../../src/core/verdict.ts';

import { resultOf, type Answers } from './host.ts';
import { LLM01, LLM02, NOW_MS, said, GOOD, judge, roomOf } from './judging.ts';

test('litellm_listen on an address that the host does not have fails, unless another host answers on it', async () => {
  const seen = resultOf(await judge(GOOD, { listen: '10.77.0.12' }), 'place.address');
  assert.deepEqual([seen.outcome, seen.severity, seen.seen], ['fail', 'error', 'it has 10.77.0.11']);
  const floating = resultOf(await judge({ ...GOOD, floating: 'yes\n' }, { listen: '10.77.0.12' }), 'place.address');
  assert.equal(floating.outcome, 'pass');
  for (const listen of ['10.77.0.11', '::', '127.0.0.1'])
    assert.equal(resultOf(await judge(GOOD, { listen }), 'place.address').outcome, 'pass');
});

test('a good host passes everything', async () => {
  const results = await judge(GOOD);
  assert.deepEqual(
    results.filter(
      ({ id, outcome }) => outcome !== (/^trust\.|^runtime\.egress$/.test(id) ? 'not-applicable' : 'pass'),
    ),
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
    /another program is init/,
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
  [
    'no sudo',
    { sudo: { stdout: 'sudo: command not found\n', exitCode: 127 } },
    'privilege.sudo',
    'fail',
    /not installed/,
  ],
  [
    'doas instead of sudo',
    { sudo: { stdout: 'sudo: command not found (doas is there)\n', exitCode: 127 } },
    'privilege.sudo',
    'fail',
    /doas, which hxllm does not use/,
  ],
  [
    'sudo-rs that refuses',
    { sudo: { stdout: "sudo: I'm sorry deploy. I'm afraid I can't do that\n", exitCode: 1 } },
    'privilege.sudo',
    'fail',
    /afraid/,
  ],
  [
    'sudo that logs',
    { sudoLog: '/etc/sudoers.d/log:3: Defaults!/usr/bin/bash   log_output\n' },
    'privilege.sudo-log',
    'fail',
    /^\/etc\/sudoers\.d\/log:3: Defaults!\/usr\/bin\/bash log_output\. /,
  ],
  [
    'sudo-rs, which logs nothing',
    { sudoLog: 'rust\n/etc/sudoers:3: Defaults log_input\n' },
    'privilege.sudo-log',
    'pass',
    /sudo-rs logs neither/,
  ],
  [
    'root needs none',
    { identity: '0\nroot\n', sudo: { stdout: '', exitCode: 127 } },
    'privilege.sudo',
    'not-applicable',
    /the login user is root/,
  ],
  [
    'a clock without a time daemon',
    { clock: `${String(NOW_MS)}\nNTPSynchronized=no\n` },
    'time.synchronized',
    'fail',
    /no time daemon keeps it in sync; it agrees with this machine’s clock/,
  ],
  [
    'a daemon that has not synchronized the clock',
    { clock: `${String(NOW_MS)}\nNTPSynchronized=no\ninstalled=chrony\ndaemon=chrony\ncontainer=none\n` },
    'time.synchronized',
    'fail',
    /chrony runs and has not synchronized it/,
  ],
  [
    'the clock of a container',
    { clock: `${String(NOW_MS)}\nNTPSynchronized=no\ncontainer=systemd-nspawn\n` },
    'time.synchronized',
    'pass',
    /the clock of the machine around it \(systemd-nspawn\); it agrees/,
  ],
  [
    'a daemon and its offset',
    {
      clock: `${String(NOW_MS)}\nNTPSynchronized=yes\ninstalled=systemd-timesyncd\ndaemon=systemd-timesyncd\nreported=+1.203ms\ncontainer=none\n`,
    },
    'time.synchronized',
    'pass',
    /synchronized by systemd-timesyncd \(\+1\.203ms\); it agrees/,
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
    'a mount that runs no programs',
    { disk: '/opt\n8000000000 /opt\nrw,nosuid,noexec\n' },
    'disk.executable',
    'fail',
    /\/opt is mounted with noexec/,
  ],
  [
    'a file system that is mounted read-only',
    { room: roomOf('/etc', 'yes', '8000000000', '') + roomOf('/opt', 'no', '8000000000', '9') },
    'disk.writable',
    'fail',
    /^\/opt, on \/, may not be written, or is mounted read-only$/,
  ],
  ['a full file system', { room: roomOf('/etc', 'yes', '4096', '') }, 'disk.writable', 'fail', /^4 KiB free on \/$/],
  ['no inodes', { room: roomOf('/etc', 'yes', '8000000000', '3') }, 'disk.writable', 'fail', /^3 inodes free on \/$/],
  ['a program that is missing', { tools: 'flock \n' }, 'system.tools', 'fail', /^no flock$/],
  [
    'a program without the right to execute it',
    { tools: 'sha256sum /usr/bin/sha256sum\ngzip /bin/gzip\n' },
    'system.tools',
    'fail',
    /^\/usr\/bin\/sha256sum, which may not be executed; \/bin\/gzip/,
  ],
  [
    'a host that is reached by IPv6, with the default address',
    { reached: 'fd00::1 50122 fd00::11 22' },
    'place.family',
    'fail',
    /0\.0\.0\.0, which takes IPv4 alone/,
  ],
  [
    'a host that is reached by IPv4 in a socket for both',
    { reached: '::ffff:10.77.0.1 50122 ::ffff:10.77.0.11 22' },
    'place.family',
    'pass',
    /10\.77\.0\.11/,
  ],
  [
    'an unrelated program on the port',
    {
      port: '  sl  local_address\n   0: 00000000:0FA0 00000000:0000 0A 00000000:00000000\n',
      foreign: `process ${['7', '/usr/bin/python3.11', 'http.service', '', ''].map((text) => Buffer.from(text).toString('base64')).join(' ')}\n`,
    },
    'place.replaceable',
    'fail',
    /python3\.11 \(pid 7, http\.service\) holds the port/,
  ],
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
    'a model that no backend has',
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
    /no answer within 20 s/,
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
        'a failure has the expected state and a fix',
      );
  });
}
