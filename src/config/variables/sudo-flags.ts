import type { Where } from '../../core/problem.ts';
import type { Findings } from '../findings.ts';

interface Flag {
  readonly long: string;
  readonly argument?: true;
  /** `pass`: sudo gets it. `own`: hxllm decides. `shell`: hxllm needs a shell of its own, so it is left out with a warning. */
  readonly use: 'pass' | 'own' | 'shell';
}

// The flags of sudo(8) that leave a command to run as root; all others would not, or another user's.
const FLAGS: Readonly<Record<string, Flag>> = {
  B: { long: 'bell', use: 'pass' },
  C: { long: 'close-from', argument: true, use: 'pass' },
  E: { long: 'preserve-env', use: 'pass' },
  H: { long: 'set-home', use: 'pass' },
  N: { long: 'no-update', use: 'pass' },
  P: { long: 'preserve-groups', use: 'pass' },
  T: { long: 'command-timeout', argument: true, use: 'pass' },
  i: { long: 'login', use: 'shell' },
  k: { long: 'reset-timestamp', use: 'pass' },
  n: { long: 'non-interactive', use: 'own' },
  p: { long: 'prompt', argument: true, use: 'own' },
  r: { long: 'role', argument: true, use: 'pass' },
  s: { long: 'shell', use: 'shell' },
  S: { long: 'stdin', use: 'own' },
  t: { long: 'type', argument: true, use: 'pass' },
  u: { long: 'user', argument: true, use: 'pass' },
};
const ROOT: ReadonlySet<string | undefined> = new Set(['root', '#0']);

/**
 * The flags of `become_flags` for sudo, one flag a word. `-n`, `-S` and `-p` are left out, since hxllm sets them by whether it has a
 * password. A flag with which sudo would not run a command as root is an error.
 */
export function sudoFlags(words: readonly string[], where: Where, findings: Findings): readonly string[] {
  const flags: string[] = [];
  const rest = [...words];
  const wrong = (found: string): readonly string[] => {
    findings.wrong(
      where,
      'flags with which sudo runs a command as root',
      JSON.stringify(found),
      `remove ${found} from ${where.path ?? 'the flags'}`,
    );
    return flags;
  };
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const read = word.startsWith('--') ? longFlag(word, rest) : shortFlags(word, rest);
    if (read === undefined) return wrong(word);
    for (const { name, argument } of read) {
      const flag = FLAGS[name];
      if (flag === undefined || (flag.argument === true && argument === undefined)) return wrong(word);
      if (name === 'u' && !ROOT.has(argument)) return wrong(`${word} ${argument ?? ''}`);
      if (flag.use === 'shell') warnOfShell(`-${name}`, where, findings);
      if (flag.use !== 'pass') continue;
      if (name === 'E' && argument !== undefined) flags.push(`--preserve-env=${argument}`);
      else flags.push(`-${name}`, ...(argument === undefined ? [] : [argument]));
    }
  }
  return flags;
}

interface ReadFlag {
  readonly name: string;
  readonly argument: string | undefined;
}

function longFlag(word: string, rest: string[]): readonly ReadFlag[] | undefined {
  const [, long, argument] = /^--([a-z-]+)(?:=(.*))?$/s.exec(word) ?? [];
  const [name, flag] = Object.entries(FLAGS).find((entry) => entry[1].long === long) ?? [];
  if (name === undefined || flag === undefined) return undefined;
  return [{ name, argument: flag.argument === true ? (argument ?? rest.shift()) : argument }];
}

/** A cluster such as `-HSn`; the flag that takes an argument ends it. */
function shortFlags(word: string, rest: string[]): readonly ReadFlag[] | undefined {
  if (!/^-[A-Za-z]/.test(word)) return undefined;
  const read: ReadFlag[] = [];
  for (let index = 1; index < word.length; index += 1) {
    const name = word.charAt(index);
    if (FLAGS[name]?.argument !== true) read.push({ name, argument: undefined });
    else return [...read, { name, argument: word.slice(index + 1) === '' ? rest.shift() : word.slice(index + 1) }];
  }
  return read;
}

function warnOfShell(flag: string, where: Where, findings: Findings): void {
  findings.warning({
    code: 'config.not-honoured',
    summary: `${flag} of ${where.path ?? 'become_flags'} is not supported, ignored`,
    detail: `Expected flags for a single command, found ${flag}, which starts a login shell or a shell: hxllm runs bash itself.`,
    fix: `remove ${flag}`,
    where,
  });
}
