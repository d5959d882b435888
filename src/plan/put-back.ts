import { quote } from '../core/shell.ts';
import type { Desired } from '../render/desired.ts';
import type { Actual } from './actual.ts';
import { backupFolder, followersOf, replacedBy } from './replaced.ts';

/** The command that puts back what a take-over replaced. */
export function putBackCommand(actual: Actual): string {
  return `sudo sh ${quote(`${backupFolder(actual)}/put-back.sh`)}`;
}

/**
 * The script that puts back what a take-over replaced, for sh(1) as root. It checks the copies before it changes anything,
 * replaces each file by a rename, and removes only files that did not exist before. Owners and modes come from the copies, so
 * that users and groups need no name. It can be repeated; if it fails, it says where and ends with another code than 0.
 */
export function putBackScript(desired: Desired, actual: Actual): string {
  const folder = backupFolder(actual);
  const { copies, created, folders, units } = replacedBy(desired, actual);
  const own = (['socket', 'service'] as const).map((kind) => ({
    name: `litellm.${kind}`,
    active:
      units.find((unit) => unit.name === `litellm.${kind}`)?.active ?? actual.installation[kind]?.active === 'active',
    starting: units.find((unit) => unit.name === `litellm.${kind}`)?.starting ?? false,
  }));
  const others = units.filter((unit) => own.every(({ name }) => name !== unit.name));
  const active = [...own, ...others].filter((unit) => unit.active);
  const running = active.filter((unit) => !unit.starting).map((unit) => unit.name);
  const starting = active.filter((unit) => unit.starting).map((unit) => unit.name);
  const back = [
    ...copies,
    ...running.map((name) => `${name} (running)`),
    ...starting.map((name) => `${name} (starting, as before)`),
  ];
  const parents = [...new Set(copies.flatMap(above))].toSorted();
  return `${[
    '#!/bin/sh',
    `# Puts back what hxllm took over at ${actual.timestamp}. Run it as root; it can be repeated.`,
    'set -eu',
    'PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin LC_ALL=C',
    'export PATH LC_ALL',
    `folder=${quote(folder)}`,
    FUNCTIONS,
    'hold',
    ...each('there', copies),
    'copies_are_intact',
    ...each(
      'stop',
      [...own, ...others].map((unit) => unit.name),
    ),
    'instances_gone',
    ...each('parent', parents),
    ...each('put', copies),
    ...each('gone', created),
    ...each('access', folders),
    'doing="letting systemd read the units"',
    'systemctl --no-ask-password daemon-reload',
    ...each('run', running),
    ...each('begin', starting),
    ...each('follow', followersOf(actual).before),
    'trap - EXIT',
    'release',
    `printf '%s\\n' ${quote(`Put back: ${back.length === 0 ? 'nothing existed before' : back.join(', ')}.`)}`,
  ].join('\n')}\n`;
}

const FUNCTIONS = String.raw`doing='starting' lock=
release() { [ -z "$lock" ] || rm -f -- "$lock"; rmdir /run/hxllm 2> /dev/null || :; }
trap 'code=$?; release; printf "%s\n" "NOT everything is put back: it failed while $doing (exit $code). Fix that, then run this script again." >&2; [ "$code" != 0 ] || code=1; exit "$code"' EXIT
trap 'exit 130' INT; trap 'exit 143' HUP TERM
[ "$(id -u)" = 0 ] || { printf '%s\n' "Expected root, found $(id -un). Run it with sudo." >&2; exit 77; }
# The lock of hxllm's runs on this host.
hold() {
  doing='waiting for the lock; nothing is changed'
  file=/run/hxllm/lock
  command -v flock > /dev/null || return 0
  mkdir -m 700 /run/hxllm 2> /dev/null || [ -d /run/hxllm ]
  mask=$(umask); umask 077
  exec 9<> "$file"
  umask "$mask"
  if ! flock -n 9 || [ "$(stat -c %i -- "$file" 2> /dev/null)" != "$(stat -Lc %i /proc/self/fd/9)" ]; then
    printf '%s\n' "Expected no run of hxllm on this host, found $file held since $(head -n 1 -- "$file" 2> /dev/null). Wait until it has ended." >&2
    exit 75
  fi
  lock=$file
  printf '%s\n' "$(date -u +%FT%TZ) put-back.sh, process $$" > "$lock"
}
there() {
  doing="looking for the copy of $1; nothing is changed"
  [ -e "$folder/files$1" ] || [ -L "$folder/files$1" ] || { printf '%s\n' "Expected $folder/files$1, found nothing." >&2; exit 1; }
}
copies_are_intact() {
  doing='checking the copies; nothing is changed'
  [ ! -s "$folder/sha256sums" ] || (cd -- "$folder/files" && sha256sum --check --quiet --strict ../sha256sums)
}
stop() {
  doing="stopping $1"
  case $(systemctl is-active -- "$1" || :) in inactive | failed | unknown) ;; *) systemctl --no-ask-password stop -- "$1" ;; esac
}
parent() {
  if [ ! -d "$1" ]; then
    doing="creating the folder $1"
    mkdir -- "$1"
    access "$1"
  fi
}
put() {
  doing="putting back $1"
  rm -rf -- "$1.hxllm-new"
  cp -a -T -- "$folder/files$1" "$1.hxllm-new"
  mv -fT -- "$1.hxllm-new" "$1"
}
gone() {
  doing="removing $1, which did not exist before"
  rm -f -- "$1"
  # As systemctl-disable(1) does.
  case $1 in *.wants/* | */system-generators/*) rmdir -- "${'$'}{1%/*}" 2> /dev/null || : ;; esac
}
# The instance that is in use by now.
instances_gone() {
  for each in /etc/systemd/system/litellm.service.wants/litellm@*.service; do [ ! -L "$each" ] || gone "$each"; done
}
access() {
  doing="setting owner and mode of $1"
  if [ -d "$1" ]; then
    chown --reference="$folder/files$1" -- "$1"
    chmod --reference="$folder/files$1" -- "$1"
  fi
}
run() {
  doing="starting $1"
  systemctl --no-ask-password reset-failed -- "$1" 2> /dev/null || :
  systemctl --no-ask-password start -- "$1"
}
# It did not run before either, so nothing waits for it.
begin() {
  doing="starting $1"
  systemctl --no-ask-password reset-failed -- "$1" 2> /dev/null || :
  systemctl --no-ask-password start --no-block -- "$1"
}
# A unit that stopped together with one of these. A target would start all that it wants, so it is started alone.
follow() {
  doing="starting $1"
  case $1 in
    *.target) systemctl --no-ask-password start --no-block --job-mode=ignore-dependencies -- "$1" ;;
    *) systemctl --no-ask-password start --no-block -- "$1" ;;
  esac
}`;

function each(word: string, values: readonly string[]): readonly string[] {
  return values.map((value) => `${word} ${quote(value)}`);
}

function above(path: string): readonly string[] {
  const steps = path.split('/').slice(1, -1);
  return steps.map((_, index) => `/${steps.slice(0, index + 1).join('/')}`);
}
