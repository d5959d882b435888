import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import type { CommandResult } from '../../src/core/host.ts';
import { assertValidEvidence } from '../valid-evidence.ts';
import { run } from './command.ts';

const PROGRAM = join(import.meta.dirname, '../../bin/hxllm.js');

/** The phase of a run, its result, and its output. */
export interface Run {
  readonly phase: string;
  readonly ending: string;
  readonly changes: number;
}

/** A person with a copy of the lab's inventory in a folder of their own, where they type commands. */
export interface Operator {
  readonly folder: string;
  /** Runs `hxllm WORDS` there, without a terminal; both outputs come back without colours. */
  hxllm(...words: readonly string[]): Promise<CommandResult>;
  /** The same for commands that need the vault and may change something. */
  deploy(...words: readonly string[]): Promise<CommandResult>;
  /** The same with another copy of the program. */
  deployWith(program: string, ...words: readonly string[]): Promise<CommandResult>;
  /** The same, killed with SIGKILL or interrupted with SIGINT when the event has come. */
  cutOff(signal: 'SIGKILL' | 'SIGINT', event: Promise<unknown>, ...words: readonly string[]): Promise<CommandResult>;
  /** The same with another copy of the program. */
  cutOffWith(
    program: string,
    signal: 'SIGKILL' | 'SIGINT',
    event: Promise<unknown>,
    ...words: readonly string[]
  ): Promise<CommandResult>;
  /** Edits a file: every `from` becomes `to`; throws if there is none. */
  edit(file: string, from: string, to: string): void;
  /** The last run that left evidence, read from its folder. */
  lastRun(): Run;
  /** Every file of the evidence, as one text. */
  evidence(): string;
}

/** A new operator; the folder goes with the tests of the file. */
export function createOperator(): Operator {
  const folder = mkdtempSync(join(tmpdir(), 'hxlab-operator-'));
  for (const name of ['inventories', 'vault-password'])
    cpSync(join(import.meta.dirname, name), join(folder, name), { recursive: true });
  after(() => {
    assertValidEvidence(folder);
    rmSync(folder, { recursive: true });
  });
  // A home of their own: no ansible.cfg, known_hosts or ssh_config of this machine applies.
  // The terminal is stated, since signs and colours follow it.
  const environment = { HOME: folder, NO_COLOR: '1', TERM: 'xterm', LC_ALL: 'C.UTF-8', COLUMNS: '80' };
  const hxllm = (...words: readonly string[]): Promise<CommandResult> =>
    run([process.execPath, PROGRAM, ...words], { cwd: folder, environment });
  const cutOffWith: Operator['cutOffWith'] = async (program, killSignal, event, ...words) => {
    const stop = new AbortController();
    const running = run([process.execPath, program, ...words, '--vault-password-file', 'vault-password'], {
      cwd: folder,
      environment,
      signal: stop.signal,
      killSignal,
    });
    void event.finally(() => stop.abort());
    return running;
  };
  return {
    folder,
    hxllm,
    cutOff: (killSignal, event, ...words) => cutOffWith(PROGRAM, killSignal, event, ...words),
    cutOffWith,
    deployWith: (program, ...words) =>
      run([process.execPath, program, ...words, '--vault-password-file', 'vault-password'], {
        cwd: folder,
        environment,
      }),
    deploy: (...words) => hxllm(...words, '--vault-password-file', 'vault-password'),
    edit: (file, from, to) => {
      const text = readFileSync(join(folder, file), 'utf8');
      if (!text.includes(from)) throw new Error(`${file} has no ${from}`);
      writeFileSync(join(folder, file), text.replaceAll(from, to));
    },
    lastRun: () => {
      const newest = globSync('evidence/*/*/run.json', { cwd: folder })
        .toSorted((a, b) => startOf(folder, a).localeCompare(startOf(folder, b)))
        .at(-1);
      if (newest === undefined) throw new Error('there is no evidence');
      // Its shape is what hxllm documents.
      return JSON.parse(readFileSync(join(folder, newest), 'utf8')) as Run;
    },
    evidence: () =>
      globSync('evidence/**/*', { cwd: folder, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
        .join('\n'),
  };
}

function startOf(folder: string, file: string): string {
  return (JSON.parse(readFileSync(join(folder, file), 'utf8')) as { readonly startedAt: string }).startedAt;
}
