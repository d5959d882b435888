import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CheckResult } from '../../../src/core/verdict.ts';
import { questionsFor } from '../../../src/phases/preflight/subject.ts';
import { hostOf, resultOf, type Answers } from './host.ts';
import { GOOD, judge, sample, SETTINGS } from './judging.ts';

const CASES: readonly (readonly [string, Answers, string, CheckResult['outcome'], RegExp])[] = [
  [
    'sudo that grants other commands than bash',
    { sudo: { stdout: 'sudo: a password is required\n', exitCode: 1 }, ownSudoRights: sample('sudo-list-one') },
    'privilege.sudo',
    'fail',
    /a password is required; sudo grants \/usr\/bin\/systemctl restart litellm as root without a password\. Missing: bash/,
  ],
  [
    'sudo that lets bash run no other program',
    { sudoRights: 'User deploy may run the following commands on hx:\n    (root) NOPASSWD: NOEXEC: /usr/bin/bash\n' },
    'privilege.sudo-rights',
    'fail',
    /with NOEXEC/,
  ],
  ...(['reset', 'deleted', 'revoked'] as const).map(
    (name) =>
      [
        `a computer account that is ${name}`,
        { credential: sample(`domain-credential-${name}`) },
        'domain.credential-works',
        'fail',
        /^adcli: couldn't connect to dev-test\.hana-x\.ai domain: Couldn't authenticate/,
      ] as const,
  ),
  [
    'a directory that does not answer',
    {
      credential: `tried =adcli =HX =5 ${Buffer.from("adcli: Couldn't find usable domain controller to connect to").toString('base64')}\n`,
    },
    'domain.credential-works',
    'unknown',
    /no server of hana-x\.ai answered/,
  ],
  ['a group that does not resolve', { adminGroup: '' }, 'domain.admin-group', 'fail', /does not resolve/],
  [
    'an SSSD that has stopped',
    { sssd: 'active =inactive\n' },
    'domain.sssd-online',
    'fail',
    /sssd\.service is inactive/,
  ],
];

for (const [title, answers, id, outcome, seen] of CASES)
  test(title, async () => {
    const result = resultOf(await judge({ ...GOOD, ...answers }), id);
    assert.equal(result.outcome, outcome, result.seen);
    assert.match(result.seen, seen);
    if (outcome === 'fail') assert.ok((result.wanted ?? '') !== '' && (result.fix ?? '') !== '');
  });

test('the three levels of a join are told apart, and each failure skips the checks after it', async () => {
  const outcomes = async (answers: Answers): Promise<readonly string[]> =>
    (await judge({ ...GOOD, ...answers })).filter(({ id }) => id.startsWith('domain.')).map(({ outcome }) => outcome);
  assert.deepEqual(await outcomes({}), ['pass', 'pass', 'pass', 'pass', 'pass']);
  assert.deepEqual(await outcomes({ join: sample('domain-join-none') }), ['fail', 'skip', 'skip', 'skip', 'skip']);
  const claimed = sample('domain-join-realmd').replace(/keytab .*/, 'keytab =/etc/krb5.keytab - -');
  assert.deepEqual(await outcomes({ join: claimed }), ['pass', 'fail', 'skip', 'skip', 'skip']);
  const dead = { credential: sample('domain-credential-reset') };
  assert.deepEqual(await outcomes(dead), ['pass', 'pass', 'fail', 'skip', 'skip']);
});

test('a host of winbind needs neither a keytab nor SSSD', async () => {
  const encode = (text: string): string => Buffer.from(text).toString('base64');
  const results = await judge({
    ...GOOD,
    join: `tool =net\nsamba ${encode('security = ads\nrealm = HANA-X.AI')}\nsecrets =/var/lib/samba/private/secrets.tdb\nkeytab =/etc/krb5.keytab - -\n`,
    credential: 'tried =wbinfo - =0 -\n',
    sssd: 'active -\n',
  });
  assert.match(resultOf(results, 'domain.joined').seen, /hana-x\.ai \(winbind\)/);
  assert.match(resultOf(results, 'domain.credential').seen, /winbind’s secret/);
  assert.equal(resultOf(results, 'domain.credential-works').outcome, 'pass');
  assert.equal(resultOf(results, 'domain.sssd-online').outcome, 'not-applicable');
});

test('where no domain is required nothing of the family applies, not even behind a refusal of sudo', async () => {
  const refused = { sudo: { stdout: 'sudo: a password is required\n', exitCode: 1 } };
  const results = await judge({ ...GOOD, ...refused }, { requireDomainJoin: false });
  for (const { id, outcome } of results) if (id.startsWith('domain.')) assert.equal(outcome, 'not-applicable', id);
});

test('a host without a program that uses the credential is judged by SSSD', async () => {
  const none = { ...GOOD, credential: 'none\n' };
  assert.equal(resultOf(await judge(none), 'domain.credential-works').outcome, 'pass');
  const seen = resultOf(await judge({ ...none, sssd: 'active -\n' }), 'domain.credential-works');
  assert.deepEqual([seen.outcome, /not proven/.test(seen.seen)], ['unknown', true]);
});

test('a refusal of sudo is one failure: no check that needs root is unknown beside it', async () => {
  const refused = { sudo: { stdout: 'sudo: a password is required\n', exitCode: 1 } };
  // A question for root has no answer there.
  const questions = Object.entries(questionsFor(hostOf('h', SETTINGS).settings));
  const asRoot = new Set(questions.flatMap(([name, { as }]) => (as === 'root' ? [name] : [])));
  const answers = Object.fromEntries(Object.entries(GOOD).filter(([name]) => !asRoot.has(name)));
  const results = await judge({ ...answers, ...refused });
  assert.deepEqual(
    results.filter(({ outcome }) => outcome === 'fail' || outcome === 'unknown').map(({ id }) => id),
    ['privilege.sudo'],
  );
});
