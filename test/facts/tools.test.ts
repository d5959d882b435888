import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { FUNCTIONS } from '../../src/apply/functions.ts';
import { FIRST_RELAY, HOLDER, RELAY, START } from '../../src/apply/holder.ts';
import { FOOTPRINT_SCRIPT } from '../../src/facts/footprint/script.ts';
import { FOREIGN_SCRIPT } from '../../src/facts/foreign-script.ts';
import { INSTALLATION_SCRIPT } from '../../src/facts/installation/script.ts';
import { diskQuestion } from '../../src/facts/disk.ts';
import type { Question } from '../../src/facts/question.ts';
import { toolsQuestion } from '../../src/facts/tools.ts';

/** A word at the place of a command: at the beginning of a line, behind a bracket, or behind an operator of the shell. */
const COMMAND = /(?:^|[;&|({]|\b(?:then|do|else|if|while|until|exec)\b|! )[ \t]*([a-z][\w-]*)(?= |$|;|\))/gm;
/** Commands of bash itself, and programs without which a script goes on. */
const BUILT_IN = 'bash echo printf test read kill true false pwd sudo doas journalctl nohup env chattr'.split(' ');

function ask<T>(question: Question<T>, path = process.env['PATH'] ?? ''): T {
  const argv = ['-c', question.script, 'hxllm', ...(question.arguments ?? [])];
  const stdout = execFileSync('/bin/bash', argv, { encoding: 'utf8', env: { PATH: path, SHLVL: '1' } });
  return question.parse({ stdout, exitCode: 0 });
}

test('this machine has every program', () => {
  assert.deepEqual(ask(toolsQuestion('process')), []);
});

test('the list has every program that the scripts for a host run', () => {
  const known = new Set([...(toolsQuestion('systemd').arguments ?? []), ...BUILT_IN]);
  const scripts = [FUNCTIONS, START, HOLDER, FIRST_RELAY, RELAY, INSTALLATION_SCRIPT, FOOTPRINT_SCRIPT, FOREIGN_SCRIPT];
  const units = ['litellm.service', 'litellm-failed@.service'].map((name) =>
    readFileSync(join(import.meta.dirname, '../../templates', name), 'utf8'),
  );
  const shell = /\/bin\/sh -c '(.*?)' /g;
  // The program behind an exec is at the place of a command.
  const ofUnits = units.flatMap((unit) =>
    [...unit.replaceAll('exec ', '').matchAll(shell)].map(([, text = '']) => text),
  );
  const texts = [...scripts, ...ofUnits];
  const run = texts.flatMap((text) =>
    [...text.matchAll(COMMAND)].flatMap(([, name = '']) => (name === '' ? [] : [name])),
  );
  assert.ok(['mkfifo', 'sha256sum', 'setpriv'].every((name) => run.includes(name)));
  // Functions of the scripts themselves are no programs.
  const own = new Set(texts.flatMap((text) => [...text.matchAll(/^ *(\w+)\(\) [{(]/gm)].map(([, name = '']) => name)));
  const unknown = [...new Set(run)].filter((name) => !known.has(name) && !own.has(name));
  // An installed one is a program of the host.
  const look = spawnSync('bash', ['-c', 'for name do type -P -- "$name"; done', 'x', ...unknown], { encoding: 'utf8' });
  const missing = look.stdout.split('\n').filter((line) => line !== '');
  assert.deepEqual(missing, []);
});

test('a program that is missing, or that may not be executed, is told apart', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hxllm tools '));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  const question = toolsQuestion('systemd');
  for (const name of question.arguments ?? [])
    if (!['--', 'sha256sum', 'gzip', 'useradd', 'userdel'].includes(name)) symlinkSync('/bin/true', join(folder, name));
  writeFileSync(join(folder, 'gzip'), '');
  chmodSync(join(folder, 'gzip'), 0o644);
  writeFileSync(join(folder, 'userdel'), '');
  chmodSync(join(folder, 'userdel'), 0o640);
  assert.deepEqual(ask(question, folder), [
    { name: 'gzip', file: join(folder, 'gzip') },
    { name: 'sha256sum' },
    { name: 'useradd' },
    { name: 'userdel', file: join(folder, 'userdel') },
  ]);
});

test('root may execute a program that only its owner may execute', { skip: process.getuid?.() !== 0 }, (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hxllm tools '));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, 'one'), '');
  chmodSync(join(folder, 'one'), 0o750);
  const asked = ['bash', '-c', toolsQuestion('systemd').script, 'hxllm', 'one', '--', 'one'];
  const argv = ['--reuid=65534', '--regid=65534', '--clear-groups', 'env', `PATH=${folder}:/usr/bin:/bin`, ...asked];
  // The login user lacks it, and root does not.
  assert.equal(execFileSync('setpriv', argv, { encoding: 'utf8' }), `one ${join(folder, 'one')}\n`);
});

test('the options of a mount are those of the one in force, also at a path with a space', (t) => {
  assert.equal(ask(diskQuestion('/')).runsPrograms, true);
  const folder = mkdtempSync(join(tmpdir(), 'hxllm mount 4'));
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
