import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readEnvironment } from '../../../src/gateway/process/environment.ts';

const folder = await mkdtemp(join(tmpdir(), 'hxllm-environment-'));
after(() => rm(folder, { recursive: true }));

test('the credential is read by the rules of systemd, and its variables come before those of the process', async () => {
  await writeFile(
    join(folder, 'litellm.env'),
    [
      '# a comment \\',
      'HIDDEN=by the comment above',
      'LITELLM_MASTER_KEY="sk-\\"a\\$b\\`c\\\\d"',
      "SINGLE='as $it \\is'",
      'PLAIN = two words # and more  ',
      'LONG=one\\',
      'two',
      'TWICE=first',
      'TWICE=last',
      'export NOT_A_NAME=1',
      '1BAD=1',
      'BAD="a\u0007b"',
      'EMPTY=',
    ].join('\n'),
  );
  const read = await readEnvironment(
    { CREDENTIALS_DIRECTORY: folder, PLAIN: 'of the process', PATH: '/bin' },
    undefined,
  );
  assert.ok(read.ok);
  assert.deepEqual(read.value, {
    CREDENTIALS_DIRECTORY: folder,
    PATH: '/bin',
    LITELLM_MASTER_KEY: 'sk-"a$b`c\\d',
    SINGLE: 'as $it \\is',
    PLAIN: 'two words # and more',
    LONG: 'onetwo',
    TWICE: 'last',
    EMPTY: '',
  });
});

test('without a credential the environment of the process counts, also where another credential is there', async () => {
  const other = join(folder, 'other');
  await mkdir(other);
  for (const environment of [
    { A: '1' },
    { A: '1', CREDENTIALS_DIRECTORY: other },
    { A: '1', CREDENTIALS_DIRECTORY: '' },
  ]) {
    const read = await readEnvironment(environment, undefined);
    assert.ok(read.ok);
    assert.deepEqual(read.value, environment);
  }
});

test('a credential or a file that cannot be read stops the start, with the file', async () => {
  const bad = join(folder, 'bad');
  await mkdir(join(bad, 'litellm.env'), { recursive: true });
  const wrong = await readEnvironment({ CREDENTIALS_DIRECTORY: bad }, undefined);
  assert.ok(!wrong.ok);
  assert.deepEqual(
    [wrong.problems[0].code, wrong.problems[0].where?.file],
    ['config.environment-file', join(bad, 'litellm.env')],
  );
  const missing = await readEnvironment({}, join(folder, 'nowhere.env'));
  assert.ok(!missing.ok);
  assert.match(missing.problems[0].detail, /ENOENT/);
  await chmod(bad, 0o700);
});
