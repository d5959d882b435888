import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { librariesQuestion, fileLimitsQuestion, parseFileLimits, runtimeQuestion } from '../../src/facts/runtime.ts';
import type { Question } from '../../src/facts/question.ts';

let root = '';
before(() => {
  root = mkdtempSync(join(tmpdir(), 'hxllm-runtime-'));
  chmodSync(root, 0o755);
});
after(() => rmSync(root, { recursive: true }));

function asked<T>(question: Question<T>): T {
  const { script, arguments: words = [] } = question;
  return question.parse({
    stdout: execFileSync('bash', ['-c', script, 'hxllm', ...words], {
      encoding: 'utf8',
      env: { ...process.env, SHLVL: '1' },
    }),
    exitCode: 0,
  });
}

function install(name: string, script: string, mode = 0o755): string {
  const file = join(root, 'runtimes', name, 'bin/node');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\n${script}\n`, { mode });
  chmodSync(file, mode);
  return file;
}

test('every runtime that was sent is started as the service’s user, and the one in use is marked', () => {
  const used = install('node-24.21.0-aaa', 'echo v24.21.0; id -nu >&2');
  const broken = install(
    'node-24.20.0-bbb',
    'echo "node: error while loading shared libraries: libstdc++.so.6" >&2; exit 127',
  );
  const locked = install('node-24.19.0-ccc', 'echo v24.19.0', 0o600);
  mkdirSync(join(root, 'current'));
  writeFileSync(
    join(root, 'current/gateway'),
    `#!/bin/sh\n# mark\nexec '${used}' $trust "$release/gateway.mjs" "$@"\n`,
  );
  const answer = asked(
    runtimeQuestion(
      { runtimes: join(root, 'runtimes'), current: join(root, 'current') },
      { user: 'nosuchuser', group: 'nosuchgroup', serviceManager: 'systemd' },
    ),
  );
  const byPath = new Map(answer.map((one) => [one.path, one]));
  // As root the test sees the change of user; as another user the programs run as that one.
  const as = userInfo().uid === 0 ? 'nobody' : userInfo().username;
  assert.deepEqual(byPath.get(used), { path: used, inUse: true, as, exitCode: 0, output: `v24.21.0\n${as}` });
  assert.equal(byPath.get(broken)?.exitCode, 127);
  assert.match(byPath.get(broken)?.output ?? '', /error while loading shared libraries: libstdc/);
  assert.equal(byPath.get(locked)?.exitCode, 126);
  assert.match(byPath.get(locked)?.output ?? '', /Permission denied/);
});

test('without systemd the runtime is started as the login user, whose process the gateway is', () => {
  install('node-24.21.0-ddd', 'id -nu');
  const question = runtimeQuestion(
    { runtimes: join(root, 'runtimes'), current: join(root, 'current') },
    { user: 'nosuchuser', group: 'nosuchgroup', serviceManager: 'process' },
  );
  assert.equal(question.as, 'user');
  const own = asked(question).find(({ path }) => path.includes('-ddd/'));
  assert.deepEqual([own?.as, own?.output], [userInfo().username, userInfo().username]);
});

test('without a folder of runtimes there is none', () => {
  assert.deepEqual(
    asked(
      runtimeQuestion(
        { runtimes: '/nonexistent', current: '/nonexistent' },
        { user: 'x', group: 'x', serviceManager: 'systemd' },
      ),
    ),
    [],
  );
});

test('the libraries of this machine have a path, and libstdc++ a version', () => {
  const [cxx, gcc] = asked(librariesQuestion);
  assert.match(cxx?.path ?? '', /libstdc\+\+\.so\.6$/);
  assert.match(cxx?.newest ?? '', /^3\.4\.\d+$/);
  assert.match(gcc?.path ?? '', /libgcc_s\.so\.1$/);
});

test('limits of open files are read from /proc of this machine, and of recorded ones', () => {
  const here = asked(fileLimitsQuestion);
  assert.ok(here.hard > 0 && here.perProcess > 0 && here.most > 0);
  // Recorded in a systemd-nspawn container without CAP_SYS_RESOURCE, and on Debian 12.
  const nspawn =
    'Max open files            20000                20000                files     \nCapBnd:\t00000000fcecafff\nnr_open 1048576\nfile-nr 1758\t0\t2466177\n';
  assert.deepEqual(parseFileLimits(nspawn), {
    hard: 20_000,
    mayRaise: false,
    perProcess: 1_048_576,
    most: 2_466_177,
    used: 1758,
  });
  const machine = nspawn.replace('00000000fcecafff', '000001ffffffffff').replaceAll('20000', 'unlimited');
  assert.deepEqual(
    [parseFileLimits(machine).mayRaise, parseFileLimits(machine).hard],
    [true, Number.POSITIVE_INFINITY],
  );
  assert.throws(() => parseFileLimits(''), /does not show/);
});
