import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isControl, parseControl } from '../../../src/gateway/control/control-flags.ts';
import { placeOfInstance, runtimeFolder } from '../../../src/gateway/control/instance-id.ts';

test('a command to running instances is parsed with its defaults', () => {
  const rows: readonly (readonly [line: string, command: object])[] = [
    ['--control status', { verb: 'status', folder: '/run/litellm' }],
    ['--control=status --runtime-dir /tmp/x', { verb: 'status', folder: '/tmp/x' }],
    ['--control take-over --instance 7', { verb: 'take-over', folder: '/run/litellm', instance: '7' }],
    [
      '--control gate --instance 7',
      { verb: 'gate', folder: '/run/litellm', instance: '7', timeoutMs: 30_000, model: undefined },
    ],
    [
      '--control gate --instance 7 --timeout 0.5 --model m',
      { verb: 'gate', folder: '/run/litellm', instance: '7', timeoutMs: 500, model: 'm' },
    ],
  ];
  for (const [line, command] of rows) {
    assert.ok(isControl(line.split(' ')), line);
    assert.deepEqual(parseControl(line.split(' '), 'x'), { ok: true, value: command }, line);
  }
  assert.equal(isControl(['--config', 'c.yaml']), false);
});

test('a wrong command says what was expected and found', () => {
  const rows: readonly (readonly [line: string, detail: RegExp])[] = [
    [
      '--control takeover',
      /^Expected status, gate, take-over, backends, drain, undrain after --control, found "takeover"\. Did you mean take-over\?$/,
    ],
    ['--control', /argument missing/],
    ['--control status --instance 7', /^Expected no --instance with --control status, found one\.$/],
    ['--control take-over --instance 7 --model m', /^Expected no --model with --control take-over/],
    ['--control take-over', /^Expected --instance ID with --control take-over, found no --instance\.$/],
    ['--control gate --instance ../7', /^Expected up to 64 letters/],
    [
      '--control gate --instance 7 --timeout soon',
      /^Expected seconds from 0 to 86400 after --timeout, found "soon"\.$/,
    ],
    ['--control gate --instance 7 --timeout 1e9', /^Expected seconds/],
    ['--control gate --instance 7 --config c.yaml', /Unknown option '--config'/],
    ['--control drain', /^Expected one URL after --control drain, found 0\.$/],
    ['--control drain http://a http://b', /^Expected one URL after --control drain, found 2\.$/],
    ['--control undrain http://a --wait', /^Expected no --wait with --control undrain, found one\.$/],
    ['--control drain http://a --timeout 3', /^Expected --timeout with --wait, found it alone\.$/],
    ['--control backends http://a', /^Expected no argument, found "http:\/\/a"\.$/],
  ];
  for (const [line, detail] of rows) {
    const command = parseControl(line.split(' '), 'x');
    assert.ok(!command.ok, line);
    assert.match(command.problems[0].detail, detail);
    assert.match(command.problems[0].code, /^usage\./);
  }
});

test('an instance needs an id and a folder; the folder is that of the unit unless another one is given', () => {
  assert.equal(runtimeFolder(undefined, { RUNTIME_DIRECTORY: '/run/litellm:/run/other' }), '/run/litellm');
  assert.equal(runtimeFolder('/tmp/x', { RUNTIME_DIRECTORY: '/run/litellm' }), '/tmp/x');
  assert.equal(runtimeFolder(undefined, {}), undefined);
  assert.equal(runtimeFolder(undefined, { RUNTIME_DIRECTORY: 'run' }), undefined);
  assert.deepEqual(placeOfInstance('7', '/run/litellm'), { ok: true, value: { id: '7', folder: '/run/litellm' } });
  for (const [id, folder] of [
    [undefined, '/run/litellm'],
    ['7', undefined],
  ] as const)
    assert.deepEqual(placeOfInstance(id, folder), { ok: true, value: undefined });
  for (const id of ['', '.', '-7', 'a/b', 'a\n', 'x'.repeat(65)])
    assert.equal(placeOfInstance(id, '/run').ok, false, id);
  const long = placeOfInstance('7', `/${'x'.repeat(110)}`);
  assert.ok(!long.ok);
  assert.match(long.problems[0].detail, /^Expected at most 107 bytes, found 118/);
});
