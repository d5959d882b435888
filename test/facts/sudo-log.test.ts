import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { sudoLogQuestion, type SudoLog } from '../../src/facts/sudo-log.ts';

/** The answer for a folder of sudoers in the place of /etc, with a `sudo` that prints this version. */
function ask(files: Readonly<Record<string, string>>, version = 'Sudo version 1.9.13p3', listed = ''): SudoLog {
  const root = mkdtempSync(join(tmpdir(), 'hxllm-sudoers-'));
  try {
    for (const folder of ['etc/sudoers.d', 'bin']) mkdirSync(join(root, folder), { recursive: true });
    for (const [name, text] of Object.entries(files))
      writeFileSync(join(root, 'etc', name), text.replaceAll('/etc/', `${root}/etc/`));
    writeFileSync(join(root, 'bin/sudo'), `#!/bin/sh\n[ "$1" = -V ] && echo '${version}' || echo '${listed}'\n`, {
      mode: 0o755,
    });
    const script = sudoLogQuestion.script.replaceAll('/etc/', `${root}/etc/`);
    const stdout = execFileSync('bash', ['-c', script], {
      encoding: 'utf8',
      env: { ...process.env, PATH: `${root}/bin:${process.env['PATH'] ?? ''}` },
    });
    const { lines, isRust } = sudoLogQuestion.parse({ stdout: stdout.replaceAll(root, ''), exitCode: 0 });
    return { lines, isRust };
  } finally {
    rmSync(root, { recursive: true });
  }
}

test('every form that makes sudo log is found, with file and line', () => {
  const found = ask({
    sudoers: [
      '# Defaults log_input',
      'Defaults env_reset, log_input',
      'Defaults:deploy log_output',
      'Defaults!/usr/bin/bash log_output',
      'Defaults>root \\',
      '  use_pty, \\',
      '  log_stdin',
      'Defaults !log_input, !log_output',
      'Defaults logfile=/var/log/sudo.log, log_year, log_subcmds',
      'deploy ALL=(ALL) NOPASSWD: LOG_OUTPUT: ALL',
      'deploy ALL=(ALL) NOLOG_INPUT: ALL',
      '@includedir /etc/sudoers.d',
      '#include "/etc/sudoers.more"',
      '@include sudoers.loop',
    ].join('\n'),
    'sudoers.d/log': 'Defaults log_input,log_output',
    'sudoers.d/off.bak': 'Defaults log_input',
    'sudoers.d/off~': 'Defaults log_input',
    'sudoers.more': '\n\nDefaults\tlog_ttyout\n',
    'sudoers.loop': '@include sudoers.loop\n',
  });
  assert.deepEqual(found, {
    isRust: false,
    lines: [
      '/etc/sudoers:2: Defaults env_reset, log_input',
      '/etc/sudoers:3: Defaults:deploy log_output',
      '/etc/sudoers:4: Defaults!/usr/bin/bash log_output',
      '/etc/sudoers:5: Defaults>root use_pty, log_stdin',
      '/etc/sudoers:10: deploy ALL=(ALL) NOPASSWD: LOG_OUTPUT: ALL',
      '/etc/sudoers.d/log:1: Defaults log_input,log_output',
      '/etc/sudoers.more:3: Defaults log_ttyout',
    ],
  });
});

test('sudo-rs reads a file of its own, and sudoers in a directory are listed by sudo', () => {
  assert.deepEqual(ask({ sudoers: 'Defaults log_input\n', 'sudoers-rs': 'Defaults log_output\n' }, 'sudo-rs 0.2.5'), {
    isRust: true,
    lines: ['/etc/sudoers-rs:1: Defaults log_output'],
  });
  const files = { sudoers: 'Defaults env_reset\n', 'nsswitch.conf': 'sudoers: files sss\n' };
  assert.deepEqual(ask(files, undefined, '    env_reset, log_output').lines, ['directory: env_reset, log_output']);
  assert.deepEqual(ask({ sudoers: files.sudoers }, undefined, 'log_output').lines, []);
});
