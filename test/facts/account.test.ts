import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { MARK_LINE } from '../../src/core/mark.ts';
import { accountObjections } from '../../src/facts/account-objections.ts';
import { accountQuestion, parseAccount, type Account, type AccountUser } from '../../src/facts/account.ts';

const SYSTEM: AccountUser = {
  uid: 998,
  sharedWith: [],
  gecos: '',
  home: '/nonexistent',
  homeExists: false,
  shell: '/usr/sbin/nologin',
  primaryGroup: 'litellm',
  hasOwnGroup: true,
  otherGroups: [],
  sudo: { state: 'none' },
};

function objections(over: Partial<AccountUser>, account: Partial<Account> = {}): readonly string[] {
  const all: Account = {
    user: { ...SYSTEM, ...over },
    groupExists: true,
    groupMembers: [],
    serving: undefined,
    ...account,
  };
  return accountObjections({ user: 'litellm', group: 'litellm' }, all, []).map(
    ({ code, refused }) => `${code} ${refused ? 'refused' : 'warning'}`,
  );
}

test('a pure service account has no objection, nor has one that is to be created', () => {
  assert.deepEqual(objections({}), []);
  assert.deepEqual(objections({}, { user: undefined, groupExists: false }), []);
});

for (const [title, over, found] of [
  ['uid 0', { uid: 0 }, 'account.root refused'],
  ['a rule in sudoers', { sudo: { state: 'some', rules: ['(ALL) ALL'] } }, 'account.sudo refused'],
  ['another group', { otherGroups: ['docker'] }, 'account.groups refused'],
  ['a uid that another user has', { sharedWith: ['alice'] }, 'account.uid refused'],
  ['a login shell', { shell: '/bin/bash' }, 'account.login warning'],
  ['no shell, which is /bin/sh', { shell: '' }, 'account.login warning'],
  ['a home', { home: '/home/litellm', homeExists: true }, 'account.login warning'],
  ['the uid of a person', { uid: 1001 }, 'account.login warning'],
  ['the group that adduser gives to every person', { otherGroups: ['users'] }, 'account.login warning'],
  ['a sudo that does not say', { sudo: { state: 'unknown', message: 'x' } }, 'account.sudo-unknown warning'],
] as const) {
  test(`an account with ${title}: ${found}, and a warning where it serves already`, () => {
    assert.deepEqual(objections(over), [found]);
    assert.deepEqual(objections(over, { serving: { user: 'litellm', group: 'litellm' } }), [
      found.replace('refused', 'warning'),
    ]);
    assert.deepEqual(objections(over, { serving: { user: 'gate', group: 'gate' } }), [found]);
  });
}

test('a group with other members is refused, unless it serves already', () => {
  assert.deepEqual(objections({}, { groupMembers: ['alice'] }), ['account.members refused']);
  assert.deepEqual(objections({}, { groupMembers: ['alice'], serving: { user: 'litellm', group: 'litellm' } }), [
    'account.members warning',
  ]);
});

test('a group of another program is refused, one that hxllm made is not', () => {
  const account: Account = { user: undefined, groupExists: true, groupMembers: [], serving: undefined };
  const codes = (made: readonly string[]): readonly string[] =>
    accountObjections({ user: 'litellm', group: 'shadow' }, account, made).map(({ code }) => code);
  assert.deepEqual([codes([]), codes(['shadow'])], [['account.group'], []]);
});

test('every refusal names the variable that chooses another account', () => {
  const account: Account = {
    user: { ...SYSTEM, uid: 0, otherGroups: ['docker'], sudo: { state: 'some', rules: ['ALL'] } },
    groupExists: true,
    groupMembers: ['alice'],
    serving: undefined,
  };
  for (const { fix, wanted } of accountObjections({ user: 'litellm', group: 'litellm' }, account, []))
    assert.match(`${fix} ${wanted}`, /set litellm_(?:user|group)/);
});

test('an account with a group of its own name gets that group as litellm_group', () => {
  const user = { ...SYSTEM, primaryGroup: 'svc', otherGroups: ['svc'] };
  const account: Account = { user, groupExists: false, groupMembers: [], serving: undefined };
  const [objection] = accountObjections({ user: 'svc', group: 'litellm' }, account, []);
  assert.equal(objection?.fix, 'set litellm_group: svc in group_vars');
});

test('an account of this machine is read with its groups, and the unit names the one that serves', (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'hxllm-account-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const unit = join(folder, 'litellm.service');
  writeFileSync(unit, `${MARK_LINE}\n[Service]\nUser=gate\nGroup=gates\n`);
  const ask = (user: string, group: string, serviceUnit: string): Account => {
    const question = accountQuestion({ user, group, serviceUnit });
    const stdout = execFileSync('bash', ['-c', question.script, 'hxllm', ...(question.arguments ?? [])], {
      encoding: 'utf8',
    });
    return question.parse({ stdout, exitCode: 0 });
  };
  const root = ask('root', 'daemon', unit);
  assert.deepEqual(
    [root.user?.uid, root.user?.primaryGroup, root.user?.otherGroups.includes('root'), root.groupExists],
    [0, 'root', true, true],
  );
  assert.deepEqual([root.groupMembers, root.serving], [['daemon'], { user: 'gate', group: 'gates' }]);
  assert.deepEqual(ask('no-such-user', 'no-such-group', join(folder, 'none')), {
    user: undefined,
    groupExists: false,
    groupMembers: [],
    serving: undefined,
  });
});

const word = (text: string): string => (text === '' ? '-' : Buffer.from(text).toString('base64'));
const line = (rights: string): string =>
  `user ${['999', '', '/', 'yes', '/bin/sh', 'g', 'no', 'a,b,', '', rights].map(word).join(' ')}\n`;

test('the rules of sudo are the lines after its heading', () => {
  const some = `Matching Defaults entries for x on h:\n    env_reset\n\nUser x may run the following commands on h:\n    (ALL : ALL) ALL\n    (root) NOPASSWD: /bin/ls\n`;
  const state = (text: string): unknown => parseAccount(line(text), 'x').user?.sudo;
  assert.deepEqual(state(some), { state: 'some', rules: ['(ALL : ALL) ALL', '(root) NOPASSWD: /bin/ls'] });
  assert.deepEqual(state('User x is not allowed to run sudo on h.'), { state: 'none' });
  assert.deepEqual(state(''), { state: 'none' });
  assert.deepEqual(state('sudo: ldap is down'), { state: 'unknown', message: 'sudo: ldap is down' });
});
