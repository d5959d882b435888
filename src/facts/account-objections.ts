import { USER_GECOS } from '../core/mark.ts';
import type { Account, AccountUser } from './account.ts';
import type { Objection } from './objection.ts';

// The lowest number of accounts of persons (UID_MIN in login.defs of Debian and Ubuntu).
const FIRST_PERSON = 1000;

const NO_LOGIN = /\/(?:nologin|false|true|sync)$/;

/** The group that adduser(8) of Debian gives to every person; it grants nothing by itself. */
const GROUP_OF_ALL = 'users';

/**
 * The reasons why the service should not run as an existing account: rights that it does not need. The account that a
 * deployed service has already is never refused, since a refusal would keep that service from its updates.
 */
export function accountObjections(
  { user, group }: { readonly user: string; readonly group: string },
  account: Account,
  madeGroups: readonly string[],
): readonly Objection[] {
  const { serving, groupMembers } = account;
  const strangeGroup =
    account.groupExists && group !== user && account.user?.primaryGroup !== group && !madeGroups.includes(group);
  const ofUser = account.user === undefined ? [] : userObjections(user, group, account.user);
  return [
    ...ofUser.map((one) => ({ ...one, refused: one.refused && serving?.user !== user })),
    ...membersObjection(group, groupMembers, serving?.group !== group),
    ...(strangeGroup && serving?.group !== group ? [groupObjection(group, user)] : []),
  ];
}

function userObjections(user: string, group: string, account: AccountUser): readonly Objection[] {
  const { uid, sudo, otherGroups, shell, home, homeExists, gecos } = account;
  const another = `set litellm_user in group_vars to a name that the host does not have, for example hxllm-gateway`;
  const objection = (code: string, refused: boolean, wanted: string, seen: string, fix: string): Objection => ({
    code: `account.${code}`,
    refused,
    summary: refused
      ? `the account ${user} has more rights than the service needs`
      : `the account ${user} is not a pure service account`,
    wanted,
    seen,
    fix,
  });
  const strange = otherGroups.filter((name) => name !== GROUP_OF_ALL);
  // The primary group of hxllm's own user follows litellm_group.
  const groups = gecos === USER_GECOS ? strange.filter((name) => name !== account.primaryGroup) : strange;
  return [
    ...(uid === 0 ? [objection('root', true, `litellm_user, ${user}, without root’s rights`, 'uid 0', another)] : []),
    ...(sudo.state === 'some'
      ? [
          objection(
            'sudo',
            true,
            `litellm_user, ${user}, without rights in sudoers`,
            `sudo -l -U ${user} lists ${sudo.rules.join('; ')}`,
            another,
          ),
        ]
      : []),
    ...(sudo.state === 'unknown'
      ? [
          objection(
            'sudo-unknown',
            false,
            `litellm_user, ${user}, without rights in sudoers`,
            `sudo -l -U ${user} said: ${sudo.message}`,
            `sudo -l -U ${user}  # on the host`,
          ),
        ]
      : []),
    ...(uid !== 0 && account.sharedWith.length > 0
      ? [
          objection(
            'uid',
            true,
            `litellm_user, ${user}, with a uid of its own`,
            `uid ${String(uid)} is also ${account.sharedWith.join(', ')}`,
            another,
          ),
        ]
      : []),
    ...(groups.length > 0
      ? [
          objection(
            'groups',
            true,
            `litellm_user, ${user}, in no group but litellm_group, ${group}`,
            `it is also in ${groups.join(', ')}`,
            account.hasOwnGroup && groups.length === 1 && groups[0] === user
              ? `set litellm_group: ${user} in group_vars`
              : another,
          ),
        ]
      : []),
    ...loginObjections(),
  ];

  function loginObjections(): readonly Objection[] {
    const signs = [
      ...(shell === '' || !NO_LOGIN.test(shell) ? [`the login shell ${shell === '' ? '/bin/sh' : shell}`] : []),
      ...(homeExists && home !== '/' ? [`the home ${home}`] : []),
      ...(uid >= FIRST_PERSON ? [`uid ${String(uid)}`] : []),
      ...(otherGroups.length > strange.length ? [`the group ${GROUP_OF_ALL}`] : []),
    ];
    return signs.length === 0
      ? []
      : [
          objection(
            'login',
            false,
            `litellm_user, ${user}, a system account without shell and home`,
            `it has ${signs.join(', ')}`,
            `set litellm_user to another name, or leave it: the service runs confined, as systemd-analyze security litellm shows`,
          ),
        ];
  }
}

// Files of a group such as shadow, or the socket of one such as docker, would be open to the service.
function groupObjection(group: string, user: string): Objection {
  return {
    code: 'account.group',
    refused: true,
    summary: `the group ${group} is another program’s`,
    wanted: `litellm_group, ${group}, new, or the primary group of litellm_user, ${user}`,
    seen: `the host has a group ${group}, which hxllm did not create`,
    fix: `set litellm_group: ${user} in group_vars`,
  };
}

function membersObjection(group: string, members: readonly string[], refused: boolean): readonly Objection[] {
  if (members.length === 0) return [];
  return [
    {
      code: 'account.members',
      refused,
      summary: `the group ${group} has other members, who could read the master key`,
      wanted: `litellm_group, ${group}, with no other user than litellm_user`,
      seen: members.join(', '),
      fix: 'set litellm_group in group_vars to a name that the host does not have, for example hxllm-gateway',
    },
  ];
}
