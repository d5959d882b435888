import { createRedaction } from '../../evidence/redaction.ts';
import { Secret } from '../../core/secret.ts';
import { EXIT } from '../exit-code.ts';
import { readManifest } from '../shipping/package-root.ts';
import { watchInterruption } from '../terminal/interruption.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { documentOf } from '../views/document.ts';
import { createHumanView } from '../views/human.ts';
import { abandon } from './attempt.ts';
import type { Outcome } from './outcome.ts';
import type { PhaseOptions, Session, VaultPassword } from './session.ts';

/** One command line that runs phases. */
export interface Undertaken {
  readonly name: string;
  readonly argv: readonly string[];
  readonly options: PhaseOptions;
  /** It runs several phases, and its document lists them. */
  readonly several: boolean;
  readonly work: (session: Session) => Promise<readonly Outcome[]>;
}

/** Runs phases for one command line: Ctrl-C aborts them, `--json` prints their document; gives the exit code of the last. */
export async function start(terminal: Terminal, { name, argv, options, several, work }: Undertaken): Promise<number> {
  const { version } = await readManifest();
  const open: Session['open'] = { run: undefined };
  const interruption = watchInterruption(
    () => terminal.stderr.write('\nStopping in good order; once more leaves at once.\n'),
    () => {
      if (open.run !== undefined) abandon(open.run, 'aborted');
      process.exit(EXIT.interrupted);
    },
  );
  // A program that ends while a run is open has lost its way; neither the evidence nor the exit code may say otherwise.
  const cutOff = (): void => {
    if (open.run === undefined) return;
    abandon(open.run, interruption.signal.aborted ? 'aborted' : 'crashed');
    process.exitCode = interruption.signal.aborted ? EXIT.interrupted : EXIT.bug;
  };
  process.once('exit', cutOff);
  const redaction = createRedaction();
  const result = options.json === true ? terminal.stderr : terminal.stdout;
  const session: Session = {
    terminal, options, version, redaction, open,
    command: ['hxllm', ...argv],
    within: several ? name : undefined,
    view: createHumanView(terminal, result, options.verbose ?? false),
    signal: interruption.signal,
    vault: createVaultPassword(() => askPassword(session)),
  };
  try {
    const outcomes = await work(session);
    if (options.json === true) terminal.stdout.write(`${JSON.stringify(documentOf(name, version, outcomes, several), undefined, 2)}\n`);
    return outcomes.at(-1)?.exitCode ?? EXIT.bug;
  } finally {
    process.off('exit', cutOff);
    interruption.dispose();
  }
}

async function askPassword({ view, terminal, signal, redaction }: Session): Promise<Secret> {
  view.pause();
  const secret = new Secret((await terminal.askHidden('Vault password: ', signal)) ?? '');
  redaction.add(secret);
  return secret;
}

function createVaultPassword(ask: () => Promise<Secret>): VaultPassword {
  let password: Promise<Secret> | undefined;
  return {
    ask: () => (password ??= ask()),
    give: (given) => void (password = Promise.resolve(given)),
    known: () => password !== undefined,
  };
}
