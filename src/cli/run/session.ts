import { resolve } from 'node:path';
import type { Secret } from '../../core/secret.ts';
import type { Redaction } from '../../evidence/redaction.ts';
import type { Run } from '../../evidence/run-folder.ts';
import type { SshPrompts } from '../../remote/ssh/prompts.ts';
import type { Transport } from '../../remote/transport.ts';
import type { Terminal } from '../terminal/terminal.ts';
import type { FileOptions, VaultQuestions } from '../vault/request.ts';
import type { View } from '../views/view.ts';

/** The options that the five phases, `up` and `uninstall` share, as commander returns them. */
export interface PhaseOptions extends FileOptions {
  readonly askBecomePass?: boolean;
  readonly becomePasswordFile?: string;
  readonly askPass?: boolean;
  readonly connectionPasswordFile?: string;
  readonly transport?: Transport;
  /** Hosts to work on at once. */
  readonly forks?: number;
  readonly json?: boolean;
  /** The command runs in a CI server: it asks nothing. */
  readonly ci?: boolean;
  readonly evidenceDir?: string;
  readonly verbose?: boolean;
  readonly yes?: boolean;
  /** Only of commands that change something. */
  readonly dryRun?: boolean;
  /** Ansible's names for a dry run, and for showing all differences. */
  readonly check?: boolean;
  readonly diff?: boolean;
}

/** The state that all phases of one command line share. */
export interface Session {
  readonly terminal: Terminal;
  readonly options: PhaseOptions;
  /** The command line as typed, for the evidence. */
  readonly command: readonly string[];
  readonly version: string;
  readonly view: View;
  readonly redaction: Redaction;
  readonly signal: AbortSignal;
  readonly vault: VaultQuestions;
  /** Asks the operator for the SSH password once; later calls return the same one. */
  readonly askLoginPassword: () => Promise<Secret | undefined>;
  /** Asks the operator for sudo's password once; later calls return the same one. */
  readonly askBecomePassword: () => Promise<Secret | undefined>;
  /** SSH's questions to the operator, for all phases of this command line; undefined without a terminal. */
  readonly sshPrompts?: SshPrompts | undefined;
  /** `up` or `demo` if it runs several phases: then the phases show no next command. */
  readonly within: string | undefined;
  /** The run that is open now, so that the guard can close it if the program ends. */
  readonly open: { run: Run | undefined };
}

/** The evidence folder: `--evidence-dir`, else `evidence` in the current folder. */
export function evidenceRoot(session: Session): string {
  return resolve(session.terminal.cwd, session.options.evidenceDir ?? 'evidence');
}

/** Whether the operator is asked before something changes. */
export function asks(session: Session): boolean {
  return session.terminal.interactive && session.options.yes !== true;
}
