import type { Problem, Result } from '../../core/problem.ts';
import { EXIT, exitCodeOfProblems } from '../exit-code.ts';
import type { FleetGateway, GatewayOptions } from '../fleet/fleet-gateway.ts';
import { withGateway } from '../fleet/gateway.ts';
import { readManifest } from '../shipping/package-root.ts';
import { watchInterruption } from '../terminal/interruption.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { DOCUMENT_VERSION } from '../views/document.ts';

/** The options of every command that asks a gateway about keys. */
export interface GatewayCommandOptions extends GatewayOptions {
  readonly json?: boolean;
}

/** The result of a command: lines for people, and the fields of its document. */
export interface CommandResult {
  readonly lines: readonly string[];
  readonly fields: object;
  /** Remarks for people, on stderr. */
  readonly notes?: readonly string[];
}

/** Runs a command against one gateway and prints its result; returns the exit code. */
export async function runOnGateway(
  terminal: Terminal,
  command: string,
  { json = false, ...options }: GatewayCommandOptions,
  work: (gateway: FleetGateway, signal: AbortSignal) => Promise<Result<CommandResult>>,
): Promise<number> {
  const interruption = watchInterruption(
    () => {},
    () => process.exit(EXIT.interrupted),
  );
  const { signal } = interruption;
  try {
    const words = ['hxllm', ...command.split(' ')];
    const done = await withGateway(terminal, { ...options, words }, signal, (gateway) => work(gateway, signal));
    if (!done.ok) {
      if (signal.aborted) return EXIT.interrupted;
      const { reportProblems } = await import('../views/problems.ts');
      reportProblems(terminal, done.problems);
      return exitCodeOfProblems(done.problems);
    }
    const { lines, fields, notes = [] } = done.value;
    for (const note of notes) terminal.stderr.write(`${note}\n`);
    const { version } = await readManifest();
    const document = { schemaVersion: DOCUMENT_VERSION, program: { name: 'hxllm', version }, command, ...fields };
    terminal.stdout.write(`${json ? JSON.stringify(document, undefined, 2) : lines.join('\n')}\n`);
    return EXIT.ok;
  } finally {
    interruption.dispose();
  }
}

/** The remark about fields that the gateway keeps without effect. */
export function ignoredNotes(ignored: readonly string[]): readonly string[] {
  return ignored.length === 0 ? [] : [`note: kept, without effect in this gateway: ${ignored.join(', ')}`];
}

/** Asks before a deletion, unless `--yes` was given. The Problem if nothing was agreed. */
export async function agreed(
  terminal: Terminal,
  yes: boolean,
  what: string,
  signal: AbortSignal,
): Promise<Problem | undefined> {
  if (yes || (terminal.interactive && (await terminal.askYesNo(`Delete ${what}?`, signal)))) return undefined;
  return {
    code: 'usage.not-agreed',
    summary: 'nothing was deleted',
    detail: `Expected a yes to the deletion of ${what}, found ${terminal.interactive ? 'a no' : 'no terminal to ask on'}.`,
    fix: 'give --yes',
  };
}
