import { INVENTORY as record } from '../../phases/inventory/index.ts';
import { timestampOf } from '../../core/timestamp.ts';
import { writeChanges } from '../files/write-changes.ts';
import { typed } from '../run/next.ts';
import type { PhaseOutcome } from '../run/outcome.ts';
import { runPhase } from '../run/run-phase.ts';
import type { PhaseOptions, Session } from '../run/session.ts';
import { failedBy, toolsOf } from '../run/with-config.ts';
import { variablesFolderOf } from '../vault/access.ts';
import { askOnce } from '../vault/ask-once.ts';
import { draftRotation, type RotationStep } from './rotate-key.ts';

/** The options of `inventory --rotate-key`. */
export interface RotationOptions extends PhaseOptions {
  readonly finish?: boolean;
  readonly discardPrevious?: boolean;
}

/** Rotates the master key in the vault, or ends a rotation, and names the next commands. The evidence has what happened, and no key. */
export function runRotation(session: Session, options: RotationOptions): Promise<PhaseOutcome> {
  const step: RotationStep = options.finish === true ? 'finish' : 'begin';
  return runPhase(session, { ...record, next: ({ ending }) => nextCommand(session, step, ending) }, async (run) => {
    const { recorder, confirm } = toolsOf(session, run.tools);
    const terminal = askOnce(session.terminal, () => session.view.pause());
    const folders = await variablesFolderOf(terminal, options.inventory ?? []);
    if (!folders.ok) return failedBy(folders.problems);
    const request = {
      folders: folders.value.folders,
      step,
      discardPrevious: options.discardPrevious ?? false,
    };
    const draft = await draftRotation(terminal, request, options, session.signal);
    if (!draft.ok) return failedBy(draft.problems);
    if (draft.value === undefined) {
      recorder.event({ kind: 'note', text: 'there is no previous key: the last rotation is finished' });
      return { ending: 'passed', results: [], problems: [], changes: 0 };
    }
    const { file, after } = draft.value;
    const title = TITLES[step](file.shown);
    const event = (state: 'planned' | 'done' | 'failed'): void =>
      recorder.event({ kind: 'step', host: '-', id: `rotate-key:${file.shown}`, title, state });
    event('planned');
    if (options.dryRun === true) return { ending: 'pending', results: [], problems: [], changes: 1 };
    if (!(await confirm({ question: `${title.charAt(0).toUpperCase()}${title.slice(1)}?` })))
      return { ending: 'declined', results: [], problems: [], changes: 0 };
    // A copy of a file in plain text would keep what its encryption hides.
    const timestamp = file.encrypted ? timestampOf(session.terminal.nowMs()) : undefined;
    const written = await writeChanges([{ path: file.path, before: file.text, after, mode: 0o600 }], timestamp);
    event(written.ok ? 'done' : 'failed');
    if (!written.ok) return failedBy(written.problems);
    for (const text of NOTES[step](session)) recorder.event({ kind: 'note', text });
    return { ending: 'passed', results: [], problems: [], changes: 1 };
  });
}

const TITLES: Readonly<Record<RotationStep, (file: string) => string>> = {
  begin: (file) => `write a new master key to ${file}, and keep the one before as litellm_master_key_previous`,
  finish: (file) => `take the previous master key out of use in ${file} (litellm_master_key_revoked)`,
};

const NOTES: Readonly<Record<RotationStep, (session: Session) => readonly string[]>> = {
  begin: (session) => [
    `1. both keys work after: ${typed(session, 'enforce')}`,
    '2. give the new key to every client; until none uses the old one, hxllm_previous_key_requests_total grows, and lines of the log have "previous_key":true',
    `3. then: ${typed(session, 'inventory --rotate-key --finish')}`,
  ],
  finish: (session) => [
    `the old key works until: ${typed(session, 'enforce')}`,
    `then prove that it is refused: ${typed(session, 'smoke')}`,
  ],
};

function nextCommand(session: Session, step: RotationStep, ending: PhaseOutcome['ending']): string | undefined {
  if (ending === 'passed') return typed(session, 'enforce');
  return ending === 'pending'
    ? typed(session, `inventory --rotate-key${step === 'finish' ? ' --finish' : ''}`)
    : undefined;
}
