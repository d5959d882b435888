import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseConfinement } from '../../src/facts/confinement.ts';
import { parseSystemd } from '../../src/facts/systemd.ts';
import { ignoredSettings, UNIT_SETTINGS } from '../../src/facts/unit-settings.ts';

const sample = (name: string): string =>
  readFileSync(new URL(`samples/confinement-${name}.txt`, import.meta.url), 'utf8');

test('a container of systemd-nspawn on a hybrid hierarchy refuses nothing and counts nothing', () => {
  assert.deepEqual(parseConfinement(sample('nspawn')), {
    container: 'systemd-nspawn',
    refused: [],
    cgroups: { layout: 'hybrid', counts: false },
    seLinux: 'off',
    appArmor: undefined,
  });
});

// The two that follow are stand-ins: SELinux, AppArmor and LXC cannot be had in the lab’s containers.
test('AppArmor’s profiles for the install folder are named, and no others', () => {
  const { appArmor, cgroups, container } = parseConfinement(sample('apparmor'));
  assert.deepEqual(appArmor, { total: 4, profiles: ['/opt/litellm/runtimes/*/bin/node (enforce)'] });
  assert.deepEqual([cgroups, container], [{ layout: 'v2', counts: true }, 'none']);
});

test('an unprivileged container without nesting refuses what needs a mount, with the names of the settings', () => {
  const { refused, container, seLinux } = parseConfinement(sample('lxc-selinux'));
  assert.equal(container, 'lxc');
  assert.ok(refused.includes('ProtectSystem') && refused.includes('ProcSubset') && !refused.includes('PrivateIPC'));
  assert.equal(seLinux, 'enforcing');
});

test('the filter of addresses is known where it was tried, and only then', () => {
  const [asked, not] = ['container=none\nfilter=yes\ninstall=/opt/litellm\n', 'container=none\ninstall=/opt/litellm\n'];
  assert.equal(parseConfinement(asked).filtersAddresses, true);
  assert.equal(parseConfinement(asked.replace('filter=yes', 'filter=no')).filtersAddresses, false);
  assert.equal(parseConfinement(not).filtersAddresses, undefined);
});

test('a trial without an answer is not a refusal, and an answer that was cut is unknown', () => {
  assert.deepEqual(parseConfinement('container=none\ninstall=/opt/litellm\n').refused, []);
  assert.throws(() => parseConfinement('container=none\n'), /incomplete/);
});

test('every setting of the unit that systemd can lack is in the list, and none besides', () => {
  const unit = ['service', 'socket']
    .map((kind) => readFileSync(join(import.meta.dirname, `../../templates/litellm.${kind}`), 'utf8'))
    .join('\n');
  for (const { name } of UNIT_SETTINGS)
    assert.match(unit, new RegExp(`^${name.includes('=') ? name : `${name}=`}`, 'm'));
  // Settings without a record are older than Debian 10’s systemd, 241, or need nothing of its build.
  const recorded = new Set(UNIT_SETTINGS.map(({ name }) => name.replace(/=.*/, '')));
  for (const [, name = ''] of unit.matchAll(/^((?:Protect|Private|Proc|Restrict|SystemCall|Lock)\w+)=/gm))
    assert.ok(recorded.has(name) || OLD.has(name), `the record of ${name} in unit-settings.ts`);
});

const OLD = new Set(
  'ProtectSystem ProtectHome PrivateTmp PrivateDevices PrivateUsers ProtectKernelTunables ProtectKernelModules ProtectControlGroups SystemCallErrorNumber'.split(
    ' ',
  ),
);

test('settings that a version or a build of systemd lacks are named', () => {
  const at = (text: string): readonly string[] => {
    const { version, features } = parseSystemd(`${text}\nbooted=yes\nstate=running\n`);
    return ignoredSettings(version ?? 0, features);
  };
  assert.deepEqual(at('systemd 252 (252.39-1~deb12u2)\n+PAM +AUDIT +SELINUX +APPARMOR +SECCOMP'), []);
  // Ubuntu 20.04 and Debian 11.
  assert.deepEqual(at('systemd 245 (245.4-4ubuntu3)\n+PAM +SECCOMP'), [
    'ProtectProc (since 247)',
    'ProcSubset (since 247)',
    'PrivateIPC (since 248)',
    'StopPropagatedFrom (since 249)',
  ]);
  assert.deepEqual(at('systemd 247 (247.3-7)\n+PAM +SECCOMP'), [
    'PrivateIPC (since 248)',
    'StopPropagatedFrom (since 249)',
  ]);
  assert.match(at('systemd 252 (252)\n+PAM -SECCOMP').join(), /SystemCallFilter \(-SECCOMP\).*LockPersonality/);
});
