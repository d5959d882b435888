import { shellLine } from '../../core/shell.ts';
import { failsPhase } from '../../core/verdict.ts';
import type { PhaseOutcome } from './outcome.ts';
import type { Session } from './session.ts';

const DRY = new Set(['--dry-run', '--check', '--diff', '--detailed-exitcode', '--json']);

/**
 * What to type after a phase: the next command where it went well, the same one again where something is to be mended
 * first, or without its dry run where that found differences.
 */
export function nextAfter(
  session: Session,
  following: string | undefined,
): (outcome: PhaseOutcome) => string | undefined {
  return ({ ending, results }) => {
    if (session.within !== undefined) return undefined;
    if (ending === 'passed') return following === undefined ? undefined : typed(session, following);
    if (ending === 'pending') return shellLine(session.command.filter((word) => !DRY.has(word)));
    // A Problem brings the command that mends it; a second one below it would only puzzle.
    if (ending === 'failed' && results.some(failsPhase))
      return `mend what is marked, then: ${shellLine(session.command)}`;
    return undefined;
  };
}

/** A command line with the choices that this one made: inventory, hosts, and where the vault password comes from. */
export function typed(session: Session, command: string): string {
  const { inventory, limit, askVaultPass, vaultPasswordFile, evidenceDir } = session.options;
  const argv = [
    'hxllm',
    ...command.split(' '),
    ...(inventory === undefined ? [] : ['-i', inventory]),
    ...(limit === undefined ? [] : ['--limit', limit]),
    ...(vaultPasswordFile === undefined ? [] : ['--vault-password-file', vaultPasswordFile]),
    ...(askVaultPass === true ? ['--ask-vault-pass'] : []),
    ...(evidenceDir === undefined ? [] : ['--evidence-dir', evidenceDir]),
  ];
  return shellLine(argv);
}
