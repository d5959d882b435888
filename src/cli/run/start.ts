import { createRedaction } from '../../evidence/redaction.ts';
import { Secret } from '../../core/secret.ts';
import { vaultQuestions } from '../vault/request.ts';
import { sshPromptsOf } from '../terminal/ssh-prompts.ts';
import { ciServerOf } from '../ci/ci-server.ts';
import { harmlessOutput } from '../ci/harmless-output.ts';
import { maskingRedaction, reportToCi } from '../ci/report-to-ci.ts';
import { EXIT } from '../exit-code.ts';
import { readManifest } from '../shipping/package-root.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { documentOf } from '../views/document.ts';
import { createHumanView } from '../views/human.ts';
import { guardRuns } from './guard.ts';
import type { PhaseOutcome } from './outcome.ts';
import type { PhaseOptions, Session } from './session.ts';

/** One command line that runs phases. */
export interface CommandSpec {
  readonly name: string;
  readonly argv: readonly string[];
  readonly options: PhaseOptions;
  /** The command runs several phases, and its document lists them. */
  readonly several: boolean;
  readonly work: (session: Session) => Promise<readonly PhaseOutcome[]>;
}

/** Runs the phases of one command line. Ctrl-C aborts them, `--json` prints their document. Returns the exit code of the last phase. */
export async function start(own: Terminal, { name, argv, options, several, work }: CommandSpec): Promise<number> {
  const { version } = await readManifest();
  const server = ciServerOf(own.environment, options.ci === true);
  const terminal = server === undefined ? own : { ...own, interactive: false };
  const open: Session['open'] = { run: undefined };
  const guard = guardRuns(terminal, open, options.verbose ?? false);
  const redaction = server === 'github' ? maskingRedaction(createRedaction(), terminal) : createRedaction();
  const shown = server === 'github' ? harmlessOutput(terminal) : terminal;
  const result = options.json === true ? shown.stderr : shown.stdout;
  const session: Session = {
    terminal,
    options,
    version,
    redaction,
    open,
    command: ['hxllm', ...argv],
    within: several ? name : undefined,
    view: createHumanView(shown, result, options.verbose ?? false, showsWholeFiles(options)),
    signal: guard.signal,
    vault: vaultQuestions(terminal, guard.signal, () => {
      session.view.pause();
    }),
    ...hostPasswords(terminal, guard.signal, () => {
      session.view.pause();
    }),
    sshPrompts: sshPromptsOf(terminal, () => {
      session.view.pause();
    }),
  };
  try {
    const outcomes = await work(session);
    reportToCi(server, terminal, redaction, outcomes);
    if (options.json === true)
      terminal.stdout.write(`${JSON.stringify(documentOf(name, version, outcomes, several), undefined, 2)}\n`);
    return outcomes.at(-1)?.exitCode ?? EXIT.bug;
  } finally {
    guard.dispose();
  }
}

// A dry run shows new files line by line, since it shows exactly the changes that would be applied.
function showsWholeFiles({ verbose, diff, dryRun, check }: PhaseOptions): boolean {
  return [verbose, diff, dryRun, check].includes(true);
}

/** The questions about passwords of hosts; each is asked at most once, and `pause` is called before it. */
export function hostPasswords(
  terminal: Terminal,
  signal: AbortSignal,
  pause: () => void = () => {},
): Pick<Session, 'askLoginPassword' | 'askBecomePassword'> {
  const asked = (prompt: string): (() => Promise<Secret | undefined>) =>
    once(() => {
      pause();
      return askHostPassword(terminal, signal, prompt);
    });
  return { askLoginPassword: asked('SSH password: '), askBecomePassword: asked('BECOME password: ') };
}

// Ansible takes it with the blanks around it.
async function askHostPassword(terminal: Terminal, signal: AbortSignal, prompt: string): Promise<Secret | undefined> {
  const typed = (await terminal.askHidden(prompt, signal)) ?? '';
  return typed === '' ? undefined : new Secret(typed);
}

function once<Value>(ask: () => Promise<Value>): () => Promise<Value> {
  let answer: Promise<Value> | undefined;
  return () => (answer ??= ask());
}
