import { MARK, USER_GECOS } from '../core/mark.ts';
import { SAY, decodeBase64 } from './base64.ts';
import type { Question } from './question.ts';

/** The user and the group of the settings on a host, with all their rights. */
export interface Account {
  /** `undefined`: the user does not exist. */
  readonly user: AccountUser | undefined;
  readonly groupExists: boolean;
  /** The other users of the group: members, and users who have it as their primary group, without hxllm's own. */
  readonly groupMembers: readonly string[];
  /** The user and the group of hxllm's own unit; `undefined` without it. */
  readonly serving: { readonly user: string; readonly group: string } | undefined;
}

/** An existing user. */
export interface AccountUser {
  readonly uid: number;
  /** Other names with the same uid. */
  readonly sharedWith: readonly string[];
  readonly gecos: string;
  readonly home: string;
  readonly homeExists: boolean;
  readonly shell: string;
  readonly primaryGroup: string;
  /** Whether the primary group has the user's name and nobody else. */
  readonly hasOwnGroup: boolean;
  /** Every group beside the one of the settings, as the host's name service says; a number without a name. */
  readonly otherGroups: readonly string[];
  readonly sudo: SudoRights;
}

/** The output of `sudo -l -U`: the rules that apply to a user. */
export type SudoRights =
  | { readonly state: 'none' }
  | { readonly state: 'some'; readonly rules: readonly string[] }
  /** sudo did not say; `message` is its last line. */
  | { readonly state: 'unknown'; readonly message: string };

/** Parameters of the question. */
export interface AccountNames {
  readonly user: string;
  readonly group: string;
  readonly serviceUnit: string;
}

// id asks the name service for the groups of a user, so that groups of a domain count; only root may ask sudo for another user.
const ACCOUNT_SCRIPT = `
${SAY}
user=$1 group=$2 unit=$3
if [ -f "$unit" ] && head -n 2 -- "$unit" | grep -q '^${MARK}'; then
  say serving "$(sed -n 's/^User=//p' "$unit" | head -n 1)" "$(sed -n 's/^Group=//p' "$unit" | head -n 1)"
fi
gid=
if entry=$(getent group -- "$group"); then
  IFS=: read -r _ _ gid members <<< "$entry"
  primary=$(getent passwd | while IFS=: read -r each _ _ number comment _; do [ "$number" != "$gid" ] || [ "$comment" = '${USER_GECOS}' ] || printf '%s,' "$each"; done)
  say group "$members,$primary"
fi
entry=$(getent passwd -- "$user") || exit 0
IFS=: read -r _ _ uid own gecos home shell <<< "$entry"
exists=no; [ ! -d "$home" ] || exists=yes
named() { name=$(getent group -- "$1") && printf %s "\${name%%:*}" || printf %s "$1"; }
others=
for each in $(id -G -- "$user"); do [ "$each" = "$gid" ] || others="$others$(named "$each"),"; done
private=no
if name=$(getent group -- "$own") && [ "\${name%%:*}" = "$user" ] && case \${name##*:} in ''|"$user") true;; *) false;; esac; then private=yes; fi
same=$(getent passwd | while IFS=: read -r each _ number _; do [ "$number" != "$uid" ] || [ "$each" = "$user" ] || printf '%s,' "$each"; done)
rights=; command -v sudo > /dev/null && rights=$(LC_ALL=C timeout 15 sudo -n -l -U "$user" 2>&1 || [ $? != 124 ] || echo 'no answer within 15 s')
say user "$uid" "$gecos" "$home" $exists "$shell" "$(named "$own")" $private "$others" "$same" "$rights"
`;

/** The account of the settings. sudo may wait for a directory server, so the timeout is long. */
export function accountQuestion({ user, group, serviceUnit }: AccountNames): Question<Account> {
  return {
    script: ACCOUNT_SCRIPT,
    arguments: [user, group, serviceUnit],
    as: 'root',
    timeoutS: 30,
    parse: ({ stdout, exitCode }) => {
      if (exitCode !== 0) throw new Error(`the script that reads the account exited with ${String(exitCode)}`);
      return parseAccount(stdout, user);
    },
  };
}

/** Parses the script's output for the user of this name. */
export function parseAccount(stdout: string, name: string): Account {
  const lines = new Map(
    stdout.split('\n').map((line) => {
      const [kind = '', ...values] = line.trim().split(' ');
      return [kind, values.map(decodeBase64)] as const;
    }),
  );
  const serving = lines.get('serving');
  return {
    user: readUser(lines.get('user')),
    groupExists: lines.has('group'),
    groupMembers: [...new Set(names(lines.get('group')?.[0]))].filter((each) => each !== name),
    serving: serving === undefined ? undefined : { user: serving[0] ?? '', group: serving[1] ?? '' },
  };
}

function readUser(values: readonly string[] | undefined): AccountUser | undefined {
  if (values === undefined) return undefined;
  const [
    uid = '',
    gecos = '',
    home = '',
    exists,
    shell = '',
    primaryGroup = '',
    hasOwnGroup,
    others,
    same,
    rights = '',
  ] = values;
  return {
    uid: Number(uid),
    sharedWith: names(same),
    gecos,
    home,
    homeExists: exists === 'yes',
    shell,
    primaryGroup,
    hasOwnGroup: hasOwnGroup === 'yes',
    otherGroups: [...new Set(names(others))],
    sudo: readRights(rights),
  };
}

// sudo and sudo-rs say the same; the rules are the indented lines.
function readRights(text: string): SudoRights {
  const lines = text.trim().split('\n');
  const start = lines.findIndex((line) => /may run the following/.test(line));
  if (start >= 0) return { state: 'some', rules: lines.slice(start + 1).map((line) => line.trim()) };
  if (text.trim() === '' || /is not allowed to run sudo|may not run sudo/.test(text)) return { state: 'none' };
  return { state: 'unknown', message: lines.at(-1) ?? '' };
}

function names(list = ''): readonly string[] {
  return list.split(',').filter((name) => name !== '');
}
