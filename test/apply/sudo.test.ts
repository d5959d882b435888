import assert from 'node:assert/strict';
import { test } from 'node:test';
import { notHeld } from '../../src/apply/hold-problems.ts';
import type { Problem } from '../../src/core/problem.ts';

const NO_SHELL: Problem = { code: 'host.no-shell', summary: '', detail: '', fix: '' };

function problemOf(stdout: readonly string[], stderr = '', exitCode = 1): Problem {
  const ran = { exitCode, stdout: `${stdout.join('\n')}\n`, stderr: `${stderr}\n`, durationMs: 1 };
  return notHeld('here', 'hxllm uninstall', ran, { become: 'none', noShell: () => NO_SHELL });
}

const SUDO = 'hxllm:sudo Sudo version 1.9.13p3';
const RUST = 'hxllm:sudo sudo-rs 0.2.5';

for (const [message, version, summary, fix] of [
  ['sudo: a password is required', SUDO, /asks for a password$/, /NOPASSWD/],
  [
    'sudo: a terminal is required to read the password; either use the -S option',
    SUDO,
    /asks for a password$/,
    /NOPASSWD/,
  ],
  ['sudo: sorry, you must have a tty to run sudo', SUDO, /requiretty/, /!requiretty/],
  ['hx is not in the sudoers file.', SUDO, /may not use sudo/, /NOPASSWD/],
  ['Sorry, user hx may not run sudo on here.', SUDO, /may not use sudo/, /NOPASSWD/],
  [
    'sudo: Account expired or PAM config lacks an "account" section for sudo, contact your system administrator',
    SUDO,
    /expired/,
    /chage/,
  ],
  ['sudo: /etc/sudoers:9: syntax error', SUDO, /cannot read/, /visudo -c/],
  [
    'sudo: The "no new privileges" flag is set, which prevents sudo from running as root.',
    SUDO,
    /cannot become root/,
    /NoNewPrivs/,
  ],
  ['sudo: interactive authentication is required', RUST, /asks for a password \(sudo-rs\)/, /NOPASSWD/],
  ["sudo: I'm sorry hx. I'm afraid I can't do that", RUST, /may not use sudo \(sudo-rs\)/, /NOPASSWD/],
  ['sudo: sudo must be owned by uid 0 and have the setuid bit set', RUST, /cannot become root.*\(sudo-rs\)/, /ls -l/],
] as const)
  test(`sudo’s message is shown with its own fix: ${message.slice(0, 60)}`, () => {
    const problem = problemOf(['hxllm:begun', version], `sudo: unable to resolve host here\n${message}`);
    assert.equal(problem.code, 'permission.sudo');
    assert.match(problem.summary, summary);
    assert.match(problem.fix, fix);
    assert.ok(problem.detail.includes(message));
  });

test('every other cause has its own code and words', () => {
  const cases: readonly (readonly [readonly string[], string, RegExp])[] = [
    [['hxllm:begun', 'hxllm:no-sudo doas'], 'permission.sudo-missing', /doas instead of sudo/],
    [['hxllm:begun', 'hxllm:no-sudo '], 'permission.sudo-missing', /has no sudo/],
    [['This account is currently not available.'], 'host.no-shell', /^$/],
    [['hxllm:begun', 'hxllm:refused no-folder /dev/shm /tmp'], 'permission.pipes', /may make no folder/],
    [['hxllm:begun', 'hxllm:root'], 'enforce.lock-failed', /could not be taken/],
    [
      ['hxllm:root', 'hxllm:refused locked 2026-11-29T08:00:00Z ada from 10.0.0.1 (ada@ws)'],
      'enforce.locked',
      /another/,
    ],
    [['hxllm:root', 'hxllm:refused locked '], 'enforce.locked', /another/],
    [
      ['hxllm:root', 'hxllm:refused in-the-way lrwxrwxrwx 1 a a 4 Nov 29 /run/hxllm -> /tmp'],
      'enforce.lock-folder',
      /something else/,
    ],
    [['hxllm:root', 'hxllm:refused no-right mkdir: Permission denied'], 'permission.lock-folder', /cannot be made/],
    [['hxllm:root', 'hxllm:refused full mkdir: No space left on device'], 'enforce.disk-full', /\/run is full/],
    [['hxllm:root', 'hxllm:refused read-only mkdir: Read-only file system'], 'enforce.read-only', /read-only/],
    [['hxllm:root', 'hxllm:refused other odd'], 'enforce.lock-failed', /could not be taken/],
    // A start file of the shell has set the terminal's title.
    [['\u001B]0;a title\u0007hxllm:begun', 'hxllm:no-sudo '], 'permission.sudo-missing', /has no sudo/],
    [['\u001B]0;a title\u0007hxllm:refused full /run'], 'enforce.disk-full', /\/run is full/],
  ];
  const found = cases.map(([stdout]) => problemOf(stdout));
  assert.deepEqual(
    found.map(({ code }) => code),
    cases.map(([, code]) => code),
  );
  for (const [index, [, , summary]] of cases.entries()) assert.match(found[index]?.summary ?? '', summary);
  // A fix repeats the command of the run: that of an uninstall never installs.
  for (const { fix } of found) assert.doesNotMatch(fix, /hxllm enforce/);
  assert.match(found[5]?.fix ?? '', /then: hxllm uninstall$/);
  assert.match(found[5]?.detail ?? '', /held since 2026-11-29T08:00:00Z ada from 10\.0\.0\.1 \(ada@ws\)/);
  assert.match(found[7]?.fix ?? '', /^sudo mv \/run\/hxllm \/run\/hxllm\.old /);
  assert.equal(
    notHeld('here', 'hxllm uninstall', undefined, { become: 'none', noShell: () => NO_SHELL }).code,
    'permission.sudo-slow',
  );
});
