import { resolve } from 'node:path';
import type { Secret } from '../../core/secret.ts';
import type { Redaction } from '../../evidence/redaction.ts';
import type { Run } from '../../evidence/run-folder.ts';
import type { Terminal } from '../terminal/terminal.ts';
import type { View } from '../views/view.ts';

/** The options that each of the five phases, `up` and `uninstall` take, as commander gives them. */
export interface PhaseOptions {
  readonly inventory?: string;
  readonly limit?: string;
  readonly askVaultPass?: boolean;
  readonly vaultPasswordFile?: string;
  readonly json?: boolean;
  readonly evidenceDir?: string;
  readonly verbose?: boolean;
  readonly yes?: boolean;
  /** Of those that change something. */
  readonly dryRun?: boolean;
  /** Ansible's names for a dry run, and for showing all differences. */
  readonly check?: boolean;
  readonly diff?: boolean;
}

/** The password of the vault, as far as this command line knows it. */
export interface VaultPassword {
  /** Asks the person, once; later calls give the same. */
  ask(): Promise<Secret>;
  /** It is known without asking. */
  give(password: Secret): void;
  known(): boolean;
}

/** What one command line gives to all that it runs. */
export interface Session {
  readonly terminal: Terminal;
  readonly options: PhaseOptions;
  /** As typed, for the evidence. */
  readonly command: readonly string[];
  readonly version: string;
  readonly view: View;
  readonly redaction: Redaction;
  readonly signal: AbortSignal;
  readonly vault: VaultPassword;
  /** The command that runs several phases, `up`: it says what comes next, they do not. */
  readonly within: string | undefined;
  /** The run that is open now, so that whoever ends the program can close it. */
  readonly open: { run: Run | undefined };
}

/** The folder that evidence goes to: `--evidence-dir`, else `evidence` here. */
export function evidenceRoot(session: Session): string {
  return resolve(session.terminal.cwd, session.options.evidenceDir ?? 'evidence');
}

/** Whether a person is asked before something changes. */
export function asks(session: Session): boolean {
  return session.terminal.interactive && session.options.yes !== true;
}
