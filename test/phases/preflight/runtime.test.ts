import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { CheckResult } from '../../../src/core/verdict.ts';
import { resultOf, type Answers } from './host.ts';
import { GOOD, judge } from './judging.ts';

const sample = (name: string): string =>
  readFileSync(join(import.meta.dirname, `../../facts/samples/confinement-${name}.txt`), 'utf8');
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const NODE = '/opt/litellm/runtimes/node-24.21.0-aaa/bin/node';

async function failing(answers: Answers, settings = {}): Promise<readonly CheckResult[]> {
  const results = await judge({ ...GOOD, ...answers }, settings);
  return results.filter(({ outcome }) => outcome === 'fail');
}

test('a good host passes every check of the runtime, and one that has no runtime yet says what judges it', async () => {
  const results = (await judge({ ...GOOD, runtime: '' })).filter(({ id }) => id.startsWith('runtime.'));
  assert.deepEqual(
    results.filter(({ outcome }) => outcome !== 'pass').map(({ id, outcome }) => [id, outcome]),
    [
      ['runtime.starts', 'not-applicable'],
      ['runtime.egress', 'not-applicable'],
    ],
  );
  assert.match(resultOf(results, 'runtime.starts').seen, /runtime\.libraries/);
});

test('the runtime in use has to start; an older one beside it does not matter', async () => {
  const line = (path: string, used: string, code: string, text: string): string =>
    `runtime =${path} ${used} =litellm =${code} ${base64(text)}\n`;
  const older = line(NODE.replace('21', '20'), '-', '127', 'error while loading shared libraries: libstdc++.so.6');
  const good = await judge({ ...GOOD, runtime: older + line(NODE, '=used', '0', 'v24.21.0') });
  assert.equal(resultOf(good, 'runtime.starts').seen, 'Node.js 24.21.0 starts as litellm');
  const cases: readonly (readonly [string, string, RegExp, RegExp])[] = [
    [
      '127',
      `${NODE}: error while loading shared libraries: libstdc++.so.6: cannot open`,
      /libstdc/,
      /apt-get install -y libstdc\+\+6 libgcc-s1.*without internet: dpkg -i/,
    ],
    ['126', `bash: ${NODE}: Permission denied`, /Permission denied/, /namei -l .*findmnt -T \/opt\/litellm/],
    ['124', '', /no answer within 8 s/, /hxllm enforce/],
    ['0', 'v24.21.0 (patched)', /patched/, /hxllm enforce/],
  ];
  for (const [code, text, found, fix] of cases) {
    const failed = await failing({ runtime: line(NODE, '=used', code, text) });
    assert.deepEqual(
      failed.map(({ id }) => id),
      ['runtime.starts'],
    );
    assert.match(failed[0]?.seen ?? '', found);
    assert.match(failed[0]?.fix ?? '', fix);
  }
});

test('a host without libstdc++, or with an old one, fails that check alone', async () => {
  const gcc = 'library =libgcc_s.so.1 =/lib/x86_64-linux-gnu/libgcc_s.so.1 -\n';
  const [missing] = await failing({ libraries: `library =libstdc++.so.6 - -\n${gcc}` });
  assert.deepEqual([missing?.id, missing?.seen], ['runtime.libraries', 'no libstdc++.so.6']);
  const old = await failing({
    libraries: `library =libstdc++.so.6 =/usr/lib64/libstdc++.so.6 =GLIBCXX_3.4.19\n${gcc}`,
  });
  assert.deepEqual(
    old.map(({ id }) => id),
    ['runtime.libraries'],
  );
  assert.match(old[0]?.seen ?? '', /GLIBCXX_3\.4\.19 at most/);
});

test('too few open files are a warning, which names the limit that is too low', async () => {
  const limits = (hard: number, capabilities: string, perProcess: number, used: number): Answers => ({
    fileLimits: `Max open files  1024  ${String(hard)}  files\nCapBnd:\t${capabilities}\nnr_open ${String(perProcess)}\nfile-nr ${String(used)}\t0\t100000\n`,
  });
  const cases: readonly (readonly [Answers, RegExp | undefined])[] = [
    [limits(4096, '00000000fcecafff', 1_048_576, 0), /systemd itself has 4096 and may not raise it/],
    [limits(4096, '000001ffffffffff', 1_048_576, 0), undefined],
    [limits(20_000, '00000000fcecafff', 1_048_576, 0), undefined],
    [limits(65_536, '000001ffffffffff', 1024, 0), /fs\.nr_open is 1024/],
    [limits(65_536, '000001ffffffffff', 1_048_576, 99_000), /99000 of fs\.file-max 100000 are in use/],
  ];
  for (const [answers, found] of cases) {
    const failed = await failing(answers);
    assert.deepEqual(
      failed.map(({ id, severity }) => [id, severity]),
      found === undefined ? [] : [['runtime.files', 'warning']],
    );
    if (found !== undefined) assert.match(failed[0]?.seen ?? '', found);
  }
});

test('an old systemd and a container are warnings that name each setting that they ignore', async () => {
  const old = await judge({ ...GOOD, systemd: 'systemd 247 (247.3-7)\n+PAM +SECCOMP\nbooted=yes\nstate=running\n' });
  assert.match(
    resultOf(old, 'runtime.hardening').seen,
    /systemd 247 ignores PrivateIPC \(since 248\), StopPropagatedFrom/,
  );
  assert.equal(resultOf(old, 'system.systemd').outcome, 'fail');
  const lxc = await judge({ ...GOOD, confinement: sample('lxc-selinux') });
  assert.match(resultOf(lxc, 'runtime.container').seen, /the container \(lxc\) refuses ProtectSystem, .*ProcSubset/);
  assert.match(resultOf(lxc, 'runtime.container').fix ?? '', /nesting/);
  assert.match(resultOf(lxc, 'runtime.security-module').seen, /SELinux is enforcing/);
  assert.match(resultOf(lxc, 'runtime.security-module').fix ?? '', /restorecon -Rv \/opt\/litellm/);
});

test('a profile of AppArmor that encloses the gateway is a warning; others are only counted', async () => {
  const enforced = await failing({ confinement: sample('apparmor') });
  assert.deepEqual(
    enforced.map(({ id }) => id),
    ['runtime.security-module'],
  );
  assert.match(enforced[0]?.fix ?? '', /aa-complain/);
  const complaining = await judge({
    ...GOOD,
    confinement: sample('apparmor').replace('node (enforce)', 'node (complain)'),
  });
  assert.match(resultOf(complaining, 'runtime.security-module').seen, /AppArmor with 4 profiles/);
});

test('cgroups in which limits do nothing are a note, which fails nothing', async () => {
  const [note] = await failing({ confinement: sample('nspawn') });
  assert.deepEqual([note?.id, note?.severity], ['runtime.cgroups', 'note']);
  assert.match(note?.seen ?? '', /cgroup hybrid, in which systemd does not count/);
});

test('a host that does not filter addresses fails litellm_restrict_egress, which it is only asked with', async () => {
  const outcome = async (answer: string, restrictEgress = true): Promise<string> =>
    resultOf(
      await judge({ ...GOOD, confinement: `${answer}\n${sample('nspawn')}` }, { restrictEgress }),
      'runtime.egress',
    ).outcome;
  assert.equal(await outcome('filter=yes'), 'pass');
  assert.equal(await outcome('filter=no'), 'fail');
  assert.equal(await outcome(''), 'unknown');
  assert.equal(await outcome('filter=no', false), 'not-applicable');
});

test('without systemd as the manager, nothing of the unit is judged', async () => {
  const results = await judge(GOOD, { serviceManager: 'process', prefix: '/tmp/x' });
  for (const id of ['hardening', 'container', 'cgroups', 'egress', 'security-module'])
    assert.equal(resultOf(results, `runtime.${id}`).outcome, 'not-applicable');
});
