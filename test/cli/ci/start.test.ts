import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const BIN = join(import.meta.dirname, '../../../bin/hxllm.js');
const KEY = `sk-${'d4'.repeat(20)}`;

test('in a job of GitHub the key is masked before anything is said, and annotations and summary follow', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hxllm-ci-'));
  try {
    writeFileSync(join(folder, 'key'), `${KEY}\n`);
    writeFileSync(join(folder, 'summary'), '');
    const { GITHUB_ACTIONS: _github, GITLAB_CI: _gitlab, ...environment } = process.env;
    const run = (argv: readonly string[], more: Readonly<Record<string, string>>) =>
      spawnSync(process.execPath, [BIN, ...argv], {
        cwd: folder,
        encoding: 'utf8',
        env: { ...environment, ...more },
        timeout: 120_000,
      });
    const smoke = ['smoke', '--url', 'http://127.0.0.1:9', '--key-file', 'key'];
    const github = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: join(folder, 'summary'), GITHUB_WORKSPACE: folder };
    const job = run(smoke, github);
    assert.equal(job.status, 1, job.stderr);
    assert.ok(job.stderr.startsWith(`::add-mask::${KEY}\n`), job.stderr);
    assert.equal(job.stderr.split(KEY).length, 2);
    assert.ok(!job.stdout.includes(KEY));
    const annotations = job.stderr.split('\n').filter((line) => line.startsWith('::error '));
    assert.ok(annotations.length >= 1 && annotations.length <= 10, job.stderr);
    const summary = readFileSync(join(folder, 'summary'), 'utf8');
    assert.match(summary, /^# Smoke test\n[^]*http\.connects \| fail/);
    assert.ok(!summary.includes(KEY));
    // A document on stdout stays one.
    assert.equal(JSON.parse(run([...smoke, '--json'], github).stdout).ending, 'failed');
    const local = run([...smoke, '--ci'], {});
    assert.deepEqual([local.status, /::/.test(local.stderr)], [1, false]);
    mkdirSync(join(folder, 'inventories'));
    writeFileSync(join(folder, 'inventories/dev.ini'), '[litellm]\nhost litellm_port="##[add-mask]of"\n');
    const nasty = run(['validate'], github);
    assert.equal(nasty.status, 78, nasty.stderr);
    const shown = `${nasty.stdout}\n${nasty.stderr}`.split('\n').filter((line) => !line.startsWith('::'));
    assert.match(shown.join('\n'), /## \[add-mask\]of/);
    assert.doesNotMatch(shown.join('\n'), /##\[/);
    const asks = run(['enforce', '--ci', '--ask-become-pass'], {});
    assert.deepEqual([asks.status, /needs a terminal/.test(asks.stderr)], [64, true]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
