import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { diskQuestion } from '../../src/facts/disk.ts';
import type { Question } from '../../src/facts/question.ts';
import { toolsQuestion } from '../../src/facts/tools.ts';

function ask<T>(question: Question<T>, path = process.env['PATH'] ?? ''): T {
  const argv = ['-c', question.script, 'hxllm', ...(question.arguments ?? [])];
  const stdout = execFileSync('/bin/bash', argv, { encoding: 'utf8', env: { PATH: path } });
  return question.parse({ stdout, exitCode: 0 });
}

test('this machine has every program', () => {
  assert.deepEqual(ask(toolsQuestion), []);
});

test('a program that is missing, or that may not be executed, is told apart', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hxllm tools '));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  for (const name of 'getent base64 stat find grep sed tr head tail cut df readlink flock setsid timeout mktemp'.split(
    ' ',
  ))
    symlinkSync('/bin/true', join(folder, name));
  writeFileSync(join(folder, 'gzip'), '');
  chmodSync(join(folder, 'gzip'), 0o644);
  assert.deepEqual(ask(toolsQuestion, folder), [{ name: 'sha256sum' }, { name: 'gzip', file: join(folder, 'gzip') }]);
});

test('the options of a mount are those of the one in force, also at a path with a space', (t) => {
  assert.equal(ask(diskQuestion('/')).runsPrograms, true);
  const folder = mkdtempSync(join(tmpdir(), 'hxllm mount '));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  const question = diskQuestion(folder);
  const { script } = question;
  // A mount namespace of its own: the mount is gone with the shell.
  const mounted = spawnSync(
    'unshare',
    [
      '--mount',
      '/bin/bash',
      '-c',
      'mount -t tmpfs -o noexec none "$1" && shift && exec /bin/bash -c "$@"',
      'hxllm',
      folder,
      script,
      'hxllm',
      folder,
    ],
    { encoding: 'utf8' },
  );
  if (mounted.status !== 0 && process.getuid?.() !== 0) {
    t.skip('only root mounts a file system');
    return;
  }
  assert.equal(mounted.status, 0, mounted.stderr);
  const seen = question.parse({ stdout: mounted.stdout, exitCode: 0 });
  assert.deepEqual([seen.mount, seen.runsPrograms], [folder, false]);
});
