import assert from 'node:assert/strict';
import { test } from 'node:test';
import { borrowLab } from './borrowed.ts';
import { ADMINISTRATOR_PASSWORD, DIRECTORY_ADDRESS } from './directory.ts';
import { createOperator } from './operator.ts';
import { ZONE } from './place.ts';
import { preflightOf, type LabPreflight } from './preflight.ts';
import { deploymentsOf } from './variables.ts';

const lab = borrowLab('sim', { directory: true });
const operator = createOperator();
const { set } = deploymentsOf(operator);
const REQUIRED = { litellm_require_domain_join: 'true', litellm_admin_group: `hx-llm-admins@${ZONE}` };

const preflight = (): Promise<LabPreflight> => preflightOf(operator);

const UNJOINED = [
  'domain.joined fail',
  ...['credential', 'credential-works', 'sssd-online', 'admin-group'].map((name) => `domain.${name} skip`),
];

test('a host that has not joined fails that check alone, with what it lacks', lab.only, async () => {
  await lab
    .host('hx-api-server')
    .must(`printf 'search ${ZONE}\\nnameserver ${DIRECTORY_ADDRESS}\\n' > /etc/resolv.conf`);
  set(REQUIRED);
  const results = await preflight();
  assert.deepEqual(results.faults, UNJOINED);
  assert.match(results.seen('domain.joined')?.seen ?? '', /realm list is empty, .*there is no \/etc\/krb5\.keytab/);
  assert.match(results.seen('domain.joined')?.fix ?? '', /sudo realm join DOMAIN/);
});

test('without litellm_require_domain_join the family does not apply', lab.only, async () => {
  set({ litellm_admin_group: 'no-such-group' });
  const results = await preflight();
  assert.deepEqual(results.faults, []);
  for (const id of UNJOINED.map((line) => line.split(' ')[0] ?? ''))
    assert.equal(results.seen(id)?.seen, 'litellm_require_domain_join is false');
});

test('a joined host passes', lab.only, async () => {
  await lab
    .host('hx-api-server')
    // With --install, realm(8) starts a realmd of its own, and a realmd that ran before does not see the join.
    .must(
      `echo '${ADMINISTRATOR_PASSWORD}' | realm join --install=/ --user=Administrator ${ZONE} && systemctl restart sssd && systemctl stop realmd`,
    );
  set(REQUIRED);
  const results = await preflight();
  assert.deepEqual(results.faults, []);
  assert.match(results.seen('domain.joined')?.seen ?? '', /dev-test\.hana-x\.ai \(realmd, SSSD\)/);
  assert.match(
    results.seen('domain.credential')?.seen ?? '',
    /^HX-API-SERVER\$@DEV-TEST\.HANA-X\.AI in \/etc\/krb5\.keytab/,
  );
  assert.match(results.seen('domain.sssd-online')?.seen ?? '', /on line in dev-test\.hana-x\.ai with hx-dc/);
});

test('a group of another name fails that check alone', lab.only, async () => {
  set({ ...REQUIRED, litellm_admin_group: `hx-llm-admin@${ZONE}` });
  assert.deepEqual((await preflight()).faults, ['domain.admin-group fail']);
});

test('without adcli the ticket of kinit proves the credential, and no ticket is left', lab.only, async () => {
  const host = lab.host('hx-api-server');
  await host.must('mv /usr/sbin/adcli /usr/sbin/adcli.off; chmod 600 /usr/bin/klist; ls /tmp/krb5cc* 2>/dev/null || :');
  set(REQUIRED);
  const results = await preflight();
  assert.deepEqual(results.faults, []);
  assert.match(results.seen('domain.credential-works')?.seen ?? '', /\(kinit\)/);
  await host.must('mv /usr/bin/kinit /usr/bin/kinit.off; ! ls /tmp/krb5cc* 2>/dev/null');
  const service = await preflight();
  assert.deepEqual(service.faults, []);
  assert.match(service.seen('domain.credential-works')?.seen ?? '', /SSSD is on line/);
  await host.must(
    'mv /usr/sbin/adcli.off /usr/sbin/adcli; mv /usr/bin/kinit.off /usr/bin/kinit; chmod 755 /usr/bin/klist',
  );
});

test('SSSD that has stopped is a warning', lab.only, async () => {
  const host = lab.host('hx-api-server');
  await host.must('systemctl stop sssd');
  set({ litellm_require_domain_join: 'true' });
  const results = await preflight();
  assert.deepEqual(results.faults, ['domain.sssd-online fail']);
  assert.equal(results.seen('domain.sssd-online')?.severity, 'warning');
  await host.must('systemctl start sssd');
});

test('a computer account that is disabled, reset or deleted fails that check alone', lab.only, async () => {
  const { tool } = lab.directory();
  set(REQUIRED);
  const dead = ['domain.credential-works fail', 'domain.sssd-online skip', 'domain.admin-group skip'];
  for (const words of [
    ['user', 'disable', 'HX-API-SERVER$'],
    ['user', 'setpassword', 'HX-API-SERVER$', '--newpassword=Other-Pass1'],
    ['computer', 'delete', 'HX-API-SERVER'],
  ]) {
    await tool(...words);
    const results = await preflight();
    assert.deepEqual(results.faults, dead, words.join(' '));
    if (words[1] === 'disable') await tool('user', 'enable', 'HX-API-SERVER$');
  }
});

test('a keytab that is gone fails the credential alone', lab.only, async () => {
  await lab.host('hx-api-server').must('rm /etc/krb5.keytab');
  assert.deepEqual((await preflight()).faults, [
    'domain.credential fail',
    'domain.credential-works skip',
    'domain.sssd-online skip',
    'domain.admin-group skip',
  ]);
});

test('a missing sudo right is named', lab.only, async () => {
  const host = lab.host('hx-api-server');
  await host.must(
    "sed -i 's/^deploy .*/deploy ALL=(root) NOPASSWD: \\/usr\\/bin\\/systemctl restart litellm/' /etc/sudoers.d/deploy; visudo -c",
  );
  set({});
  const results = await preflight();
  const sudo = results.seen('privilege.sudo');
  assert.deepEqual(
    results.faults.filter((line) => !line.endsWith(' skip')),
    ['privilege.sudo fail'],
  );
  assert.match(
    sudo?.seen ?? '',
    /sudo grants \/usr\/bin\/systemctl restart litellm as root without a password\. Missing: bash as root/,
  );
  assert.equal(results.seen('domain.joined')?.outcome, 'not-applicable');
});
