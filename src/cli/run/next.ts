import { shellLine } from '../../core/shell.ts';
import { failsPhase, type CheckResult } from '../../core/verdict.ts';
import { createPaint } from '../views/paint.ts';
import type { PhaseOutcome } from './outcome.ts';
import { fileWords, type FileOptions } from '../vault/request.ts';
import type { Session } from './session.ts';

const DRY = new Set(['--dry-run', '--check', '--diff', '--detailed-exitcode', '--json']);

/** The commands that become root on the hosts. */
const ROOTED: ReadonlySet<string | undefined> = new Set([
  'preflight',
  'enforce',
  'rollback',
  'releases',
  'drift',
  'uninstall',
  'up',
]);

/**
 * The command to type after a phase: the next phase if it passed, the same command if something has to be fixed first, or the
 * command without its dry run if that found changes.
 */
export function nextAfter(
  session: Session,
  following: string | undefined,
): (outcome: PhaseOutcome) => string | undefined {
  return ({ ending, results }) => {
    if (session.within !== undefined) return undefined;
    if (ending === 'passed') return following === undefined ? undefined : typed(session, following);
    if (ending === 'pending') return shellLine(withoutDryRun(session.command));
    // A Problem has its own fix. A second command below it would only confuse.
    return ending === 'failed' ? fixMarked(session, results) : undefined;
  };
}

/** The command that makes the changes which a dry run found. A plan that was saved is applied; its options are in it. */
function withoutDryRun(command: readonly string[]): readonly string[] {
  const words = command.filter((word) => !DRY.has(word));
  const isOut = (word: string): boolean => word === '--out' || word.startsWith('--out=');
  return words.some(isOut)
    ? words
        .filter((word) => word !== '--take-over' && word !== '--allow-downgrade')
        .map((word) => (isOut(word) ? word.replace('--out', '--plan') : word))
    : words;
}

/** The advice after failed checks, with the signs that they have on screen; `undefined` if no check failed the phase. */
export function fixMarked(session: Session, results: readonly CheckResult[]): string | undefined {
  const { signs } = createPaint(session.terminal.environment, false);
  const marks = results.filter(failsPhase).map(({ outcome }) => (outcome === 'unknown' ? signs.unknown : signs.fail));
  return marks.length === 0
    ? undefined
    : `fix the lines marked ${[...new Set(marks)].join(' or ')}, then run: ${shellLine(session.command)}`;
}

/** A command line with this one's choices: inventory, hosts, vault password and evidence folder. */
export function typed(session: Session, command: string): string {
  const { evidenceDir, askPass, connectionPasswordFile, transport } = session.options;
  const { askBecomePass, becomePasswordFile } = ROOTED.has(command.split(' ')[0]) ? session.options : {};
  const argv = [
    'hxllm',
    ...command.split(' '),
    ...fileWords(session.options),
    ...(askPass === true ? ['--ask-pass'] : []),
    ...(connectionPasswordFile === undefined ? [] : ['--connection-password-file', connectionPasswordFile]),
    ...(transport === undefined ? [] : ['--transport', transport]),
    ...(askBecomePass === true ? ['--ask-become-pass'] : []),
    ...(becomePasswordFile === undefined ? [] : ['--become-password-file', becomePasswordFile]),
    ...(evidenceDir === undefined ? [] : ['--evidence-dir', evidenceDir]),
  ];
  return shellLine(argv);
}

/** A command line with the installed ssh. */
export function withOpenSsh(command: readonly string[]): string {
  const others = command.filter(
    (word, index) => !/^--transport(?:=|$)/.test(word) && command[index - 1] !== '--transport',
  );
  return shellLine([...others, '--transport', 'openssh']);
}

/** The command that records host keys, with this command's choice of the inventory and the vault password, without hosts. */
export function trustCommand({ limit: _limit, ...options }: FileOptions): string {
  return shellLine(['hxllm', 'trust', ...fileWords(options)]);
}
