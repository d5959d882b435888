import { forbiddenText, isSudo, withoutPassword, type Become } from '../core/become.ts';
import { packageOffline } from '../core/without-internet.ts';
import type { CommandResult } from '../core/host.ts';
import type { Problem } from '../core/problem.ts';
import { shellLine } from '../core/shell.ts';
import type { RunCommand } from '../plan/plan.ts';
import { sudoRefusal } from './sudo.ts';

/** How long a host waits for a word of its holder before it frees the lock: four beats. */
export const SILENCE_S = 60;

/** The Problem of a host whose lock was not taken: its cause in its own words. `undefined`: it did not answer in time. `command` is the one to repeat. */
export function notHeld(
  host: string,
  command: RunCommand,
  ran: CommandResult | undefined,
  { become, noShell }: { readonly become: Become; readonly noShell: (ran: CommandResult) => Problem },
): Problem {
  if (ran === undefined) return slow(host);
  // A start file of the shell may write before the first word without ending its line.
  const words = [...ran.stdout.matchAll(/hxllm:(.*)/g)].map(([, word = '']) => word);
  const after = (word: string): string | undefined =>
    words.find((line) => line === word || line.startsWith(`${word} `))?.slice(word.length + 1);
  const refused = after('refused');
  if (refused !== undefined) {
    const space = refused.indexOf(' ');
    return refusedBecause(
      host,
      command,
      space < 0 ? refused : refused.slice(0, space),
      space < 0 ? '' : refused.slice(space + 1),
    );
  }
  if (after('begun') === undefined) return noShell(withoutPassword(ran, become));
  if (after('forbidden') !== undefined && become !== 'none' && !isSudo(become))
    return sudoRefusal(host, forbiddenText(become));
  const missing = after('no-sudo');
  if (missing !== undefined) return withoutSudo(host, missing === 'doas');
  if (after('root') !== undefined) return endedEarly(host, ran);
  const said = ran.stderr.trim().split('\n').at(-1) ?? '';
  return sudoRefusal(host, said === '' ? `exit code ${String(ran.exitCode)} and no message` : said, after('sudo'));
}

function refusedBecause(host: string, command: RunCommand, cause: string, found: string): Problem {
  const where = { host };
  switch (cause) {
    case 'locked':
      return {
        code: 'enforce.locked',
        summary: 'another hxllm run is changing the host',
        detail: `Expected to get the lock /run/hxllm/lock, found it held since ${found === '' ? 'an unknown time' : found}.\nIf that run was cut off, the host releases the lock by itself: at once if the connection was closed, after ${String(SILENCE_S)} s of silence, or after finishing what it had begun.`,
        fix: `sudo cat /run/hxllm/lock  # on ${host}: names the holder; wait until it has ended, then: ${command}${stuckHolder(found)}`,
        where,
      };
    case 'in-the-way':
      return {
        code: 'enforce.lock-folder',
        summary: 'something else is in the place of the lock',
        detail: `Expected a folder of root alone, or nothing, found: ${found}.`,
        fix: `${shellLine(['sudo', 'mv', lastWord(found), `${lastWord(found)}.old`])}  # on ${host}; then: ${command}`,
        where,
      };
    case 'no-right':
      return {
        code: 'permission.lock-folder',
        summary: 'the folder of the lock cannot be made',
        detail: `Expected the right to write to it, found: ${found}.`,
        fix: `sudo ls -ld /run /run/hxllm  # on ${host}; a security module (SELinux, AppArmor) or a container may forbid it`,
        where,
      };
    case 'full':
      return {
        code: 'enforce.disk-full',
        summary: '/run is full',
        detail: `Expected room for the lock, found: ${found}.`,
        fix: `df -h /run; df -i /run; sudo du -xsh /run/* | sort -h  # on ${host}: make room, then: ${command}`,
        where,
      };
    case 'read-only':
      return {
        code: 'enforce.read-only',
        summary: '/run is read-only',
        detail: `Expected to write the lock, found: ${found}.`,
        fix: `sudo mount -o remount,rw /run  # on ${host}; then: ${command}`,
        where,
      };
    case 'no-folder':
      return {
        code: 'permission.pipes',
        summary: 'the login user may make no folder on the host',
        detail: `Expected that one of ${found} is a folder in which the login user may make named pipes, found none.`,
        fix: `ls -ld /dev/shm /tmp ~; df -h /dev/shm /tmp ~  # on ${host}: give /dev/shm or /tmp room and mode 1777, or the login user a home of its own`,
        where,
      };
    default:
      return {
        code: 'enforce.lock-failed',
        summary: 'the lock could not be taken',
        detail: `Expected to take the lock, found: ${found}.`,
        fix: `sudo ls -la /run/hxllm  # on ${host}; then: ${command}`,
        where,
      };
  }
}

// A holder that was stopped does not count its seconds of silence.
function stuckHolder(found: string): string {
  const [, pid] = /, process (\d+)$/.exec(found) ?? [];
  return pid === undefined ? '' : `; if it hangs or is stopped: sudo kill -KILL ${pid}`;
}

// The path at the end of a line of ls, without the target of a link.
function lastWord(line: string): string {
  return (
    line
      .replace(/ -> .*$/, '')
      .split(' ')
      .at(-1) ?? '/run/hxllm'
  );
}

function withoutSudo(host: string, hasDoas: boolean): Problem {
  return {
    code: 'permission.sudo-missing',
    summary: hasDoas ? 'the host has doas instead of sudo' : 'the host has no sudo',
    detail: `Expected sudo, through which hxllm becomes root, found ${hasDoas ? 'only doas, which hxllm does not use' : 'none'}.`,
    fix: `${hasDoas ? 'doas' : 'su -c'} ${hasDoas ? 'apt-get install -y sudo' : "'apt-get install -y sudo'"}  # on ${host}; or log in as root: ansible_user=root; ${packageOffline('sudo')}`,
    where: { host },
  };
}

function endedEarly(host: string, { exitCode, stderr }: CommandResult): Problem {
  return {
    code: 'enforce.lock-failed',
    summary: 'the lock could not be taken',
    detail: `Expected the holder of the lock to stay, found that it ended with ${String(exitCode)}${stderr.trim() === '' ? '' : `: ${stderr.trim().slice(-300)}`}.`,
    fix: `sudo bash -c 'command -v flock setsid timeout'  # on ${host}: all three must be there`,
    where: { host },
  };
}

function slow(host: string): Problem {
  return {
    code: 'permission.sudo-slow',
    summary: 'sudo did not answer in time',
    detail:
      'Expected root within 60 s, found that sudo was still at work: it may wait for a directory server, for PAM, or for a second factor.',
    fix: `time sudo -n true  # on ${host}, as the login user; getent passwd root shows whether the directory answers`,
    where: { host },
  };
}
