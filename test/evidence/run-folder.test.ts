import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { sha256 } from '../../src/core/hash.ts';
import { Secret } from '../../src/core/secret.ts';
import { CLOSING, here, json, lines, opened, REPORTS } from './open-run.ts';

test('a run’s folder is named by phase and UTC second, and only its owner may read it', () => {
  const run = opened();
  assert.equal(run.folder, join(here.root, 'evidence/preflight/20261123T231500Z'));
  run.recorder.file('hosts/h1/answers.json', { a: 1 });
  assert.equal(statSync(run.folder).mode & 0o777, 0o700);
  assert.equal(statSync(join(run.folder, 'hosts/h1')).mode & 0o777, 0o700);
  assert.equal(statSync(join(run.folder, 'hosts/h1/answers.json')).mode & 0o777, 0o600);
  assert.equal(statSync(join(run.folder, 'events.jsonl')).mode & 0o777, 0o600);
});

test('runs that start in the same second have folders of their own', () => {
  assert.deepEqual(
    [opened(), opened(), opened()].map((run) => basename(run.folder)),
    ['20261123T231500Z', '20261123T231500Z-2', '20261123T231500Z-3'],
  );
});

test('an event is on disk when the call returns, so a run that is cut off keeps all earlier ones', () => {
  const run = opened();
  run.recorder.event({ kind: 'note', text: 'one' });
  here.clockMs += 1500;
  run.recorder.event({ kind: 'progress', host: 'h1', text: 'two' });
  assert.deepEqual(
    lines(run).map((line) => [line['kind'], line['at']]),
    [
      ['opened', '2026-11-23T23:15:00.000Z'],
      ['note', '2026-11-23T23:15:00.000Z'],
      ['progress', '2026-11-23T23:15:01.500Z'],
    ],
  );
  assert.equal(lines(run)[0]?.['by'], 'ada@desk');
  assert.equal(existsSync(join(run.folder, 'run.json')), false);
  assert.equal(existsSync(join(run.folder, 'manifest.json')), false);
});

test('run.json has the user, the command, the duration and the ending', () => {
  const run = opened();
  here.clockMs += 2500;
  const problem = {
    code: 'host.unreachable',
    summary: 'no route',
    detail: 'Expected h1.',
    fix: 'ping h1',
    where: { host: 'h1' },
  };
  assert.ok(
    run.close({
      ...CLOSING,
      ending: 'failed',
      exitCode: 69,
      inputs: [{ path: '/w/dev.ini', sha256: 'abc' }],
      problems: [problem],
    }).ok,
  );
  const record = json(run, 'run.json');
  assert.deepEqual(
    {
      schemaVersion: record['schemaVersion'],
      run: record['run'],
      command: record['command'],
      durationMs: record['durationMs'],
      ending: record['ending'],
      exitCode: record['exitCode'],
      inputs: record['inputs'],
    },
    {
      schemaVersion: 1,
      run: '20261123T231500Z',
      command: ['hxllm', 'preflight'],
      durationMs: 2500,
      ending: 'failed',
      exitCode: 69,
      inputs: [{ path: '/w/dev.ini', sha256: 'abc' }],
    },
  );
  assert.deepEqual(record['problems'], [problem]);
  assert.equal(lines(run).at(-1)?.['ending'], 'failed');
  const summary = readFileSync(join(run.folder, 'summary.txt'), 'utf8');
  assert.match(summary, /^hxllm 0\.1\.0 preflight: failed \(exit 69\)\n/);
  assert.match(
    summary,
    /PROBLEM host\.unreachable: no route\n {2}where {3}h1\n {2}detail {2}Expected h1\.\n {2}fix {5}ping h1\n/,
  );
});

test('a phase’s own summary.txt is kept', () => {
  const run = opened();
  run.recorder.file('summary.txt', 'mine\n');
  run.close(CLOSING);
  assert.equal(readFileSync(join(run.folder, 'summary.txt'), 'utf8'), 'mine\n');
});

test('the manifest hashes every file, and names the manifest of the run that closed before', () => {
  const first = opened();
  first.recorder.file('hosts/h1/plan.json', { steps: [] });
  first.close(CLOSING);
  const manifest = json(first, 'manifest.json');
  const files = manifest['files'] as Record<string, string>;
  assert.deepEqual(Object.keys(files), ['events.jsonl', 'hosts/h1/plan.json', ...REPORTS, 'run.json', 'summary.txt']);
  for (const [path, hash] of Object.entries(files))
    assert.equal(hash, sha256(readFileSync(join(first.folder, path))), path);
  assert.equal(manifest['previous'], null);

  here.clockMs += 1000;
  const cutOff = opened();
  here.clockMs += 1000;
  const second = opened();
  second.close(CLOSING);
  assert.deepEqual(json(second, 'manifest.json')['previous'], {
    phase: 'preflight',
    run: basename(first.folder),
    sha256: sha256(readFileSync(join(first.folder, 'manifest.json'))),
  });

  here.clockMs += 1000;
  cutOff.close(CLOSING);
  assert.deepEqual(
    json(cutOff, 'manifest.json')['previous'],
    {
      phase: 'preflight',
      run: basename(second.folder),
      sha256: sha256(readFileSync(join(second.folder, 'manifest.json'))),
    },
    'the chain follows the order of closing',
  );
});

test('events after closing, and a second closing, leave the hashes valid', () => {
  const run = opened();
  run.close(CLOSING);
  const before = readFileSync(join(run.folder, 'manifest.json'), 'utf8');
  run.recorder.event({ kind: 'note', text: 'late' });
  run.recorder.file('late.txt', 'late');
  assert.ok(run.close({ ...CLOSING, ending: 'crashed' }).ok);
  assert.equal(readFileSync(join(run.folder, 'manifest.json'), 'utf8'), before);
  assert.equal(existsSync(join(run.folder, 'late.txt')), false);
});

test('no file has a registered secret, in any of its forms', () => {
  const secret = 'pa"ss\\w\nö rd\'x';
  const run = opened(secret);
  run.recorder.file(
    'env',
    `KEY=${secret}\nJSON=${JSON.stringify(secret)}\nURL=?k=${encodeURIComponent(secret)}\nB64=${Buffer.from(secret).toString('base64')}\n`,
  );
  run.recorder.file('deep.json', {
    list: [{ [secret]: secret, secret: new Secret(secret), n: 1, ok: true, nothing: null }],
  });
  run.recorder.event({ kind: 'note', text: `the password is ${secret}` });
  run.close({ ...CLOSING, problems: [{ code: 'x.y', summary: secret, detail: secret, fix: secret }] });
  for (const path of readdirSync(run.folder, { recursive: true, encoding: 'utf8' })) {
    if (statSync(join(run.folder, path)).isDirectory()) continue;
    const text = readFileSync(join(run.folder, path), 'utf8');
    for (const form of [
      secret,
      JSON.stringify(secret).slice(1, -1),
      encodeURIComponent(secret),
      Buffer.from(secret).toString('base64'),
    ])
      assert.equal(text.includes(form), false, `${path} has ${form}`);
  }
  assert.deepEqual(json(run, 'deep.json'), {
    list: [{ '[redacted]': '[redacted]', secret: '[redacted]', n: 1, ok: true, nothing: null }],
  });
});

test('a text for people has no control characters, and no answer of a server makes a line of the summary', () => {
  const run = opened();
  run.recorder.file('report.md', 'a\u001B[2J\u001B]0;title\u0007b\n');
  run.recorder.file('questions.sh', "printf '\u001B'\n");
  const seen = 'red\u001B[31m\u0007\nok       http://h  chat.answers  a forged line';
  run.close({
    ...CLOSING,
    results: [{ host: 'http://h', id: 'models.listed', title: 't', outcome: 'fail', severity: 'error', seen }],
  });
  const read = (name: string): string => readFileSync(join(run.folder, name), 'utf8');
  assert.equal(read('report.md'), 'ab\n');
  assert.equal(read('questions.sh'), "printf '\u001B'\n");
  assert.match(read('summary.txt'), /models\.listed {2}t: red\uFFFD\n {11}ok {7}http/);
});
