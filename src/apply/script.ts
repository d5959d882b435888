import { quote } from '../core/shell.ts';
import type { Action, Plan, Step } from '../plan/plan.ts';
import { auditCall, type AuditLine } from './audit.ts';
import { actionLine, stageLine } from './action-lines.ts';
import { FUNCTIONS } from './functions.ts';
import type { HostRecord } from './host-record.ts';

/** The values that frame every script. */
export interface Frame {
  /** Marks the journal's lines. */
  readonly nonce: string;
  readonly record: HostRecord;
  /** The line for the audit log that the script begins with. */
  readonly audit?: AuditLine | undefined;
}

type Inline = Exclude<Action, { kind: 'upload' }>;

/** The script that carries out `prepare` steps one after the other; it stops at the first failure. */
export function prepareScript(steps: readonly Step[], frame: Frame): string {
  const bodies = steps.map((step, index) => body('step', index, linesInTurn(step)));
  return wrap(frame, steps, bodies, [
    ...auditLines(frame),
    'choose_printed',
    `for step in ${steps.map((_, index) => String(index)).join(' ')}; do interrupted && break; attempt step "$step" || break; done`,
    'forget_printed',
  ]);
}

// Every action of a step in its order, a write in one go.
function linesInTurn({ actions }: Step): readonly string[] {
  return inline(actions).flatMap((action) =>
    action.kind === 'write' ? [stageLine(action), actionLine(action)] : [actionLine(action)],
  );
}

/**
 * The script of the switch. Everything is written beside its place and checked first; then it is moved into place and the
 * service is started. If a step fails, the replaced files are put back. The steps of `clean` follow a switch that succeeded.
 * The script finishes even if the connection is lost.
 */
export function switchScript(plan: Plan, steps: readonly Step[], frame: Frame): string {
  const cleaning = steps.flatMap((step, index) =>
    step.stage === 'clean' ? [{ index, lines: linesInTurn(step) }] : [],
  );
  const parts = steps.map(partsOf).filter(({ index }) => !cleaning.some((each) => each.index === index));
  const staging = parts.filter(({ stage }) => stage.length > 0);
  const checking = parts.filter(({ check }) => check.length > 0);
  const acting = parts.filter(({ act, check }) => act.length > 0 || check.length === 0);
  const staged = steps
    .filter(({ stage }) => stage !== 'clean')
    .flatMap((step) => step.actions.filter(isStaged))
    .map((action) => quote(`${action.path}.hxllm-new`));
  return wrap(
    frame,
    steps,
    [
      ...parts.map(({ index, stage }) => body('stage', index, stage)),
      ...parts.map((part) => body(checkerOf(part), part.index, part.check)),
      ...acting.map(({ index, act }) => body('step', index, act)),
      ...cleaning.map(({ index, lines }) => body('step', index, lines)),
      body('recover', 'before', plan.recover.before.map(lineOf)),
      body('recover', 'after', plan.recover.after.map(lineOf)),
      `unstage() { rm -f -- ${staged.join(' ')}; rm -rf -- ${quote(plan.keepFolder)}; forget_printed; }`,
    ],
    [
      "trap '' HUP INT TERM PIPE",
      `kept=${quote(plan.keepFolder)}; rm -rf -- "$kept" && mkdir -m 700 -- "$kept" || exit`,
      'choose_printed',
      `for step in ${staging.map(({ index }) => String(index)).join(' ')}; do attempt stage "$step" || { undo; unstage; exit 0; }; done`,
      ...checking.map((part) => `attempt ${checkerOf(part)} ${String(part.index)} || { undo; unstage; exit 0; }`),
      // After the checks, so that a line stands for a change.
      ...auditLines(frame),
      `for step in ${acting.map(({ index }) => String(index)).join(' ')}; do`,
      '  attempt step "$step" && continue',
      '  recover_before < /dev/null > /dev/null 2>&1',
      '  undo && recover_after < /dev/null > "$printed" 2>&1 && { say undone; record undone "${carried[@]}"; } || { say stuck "$(tail -c 4000 "$printed" | base64 -w0)"; record stuck "${carried[@]}"; }',
      '  undone=1; break',
      'done',
      ...(cleaning.length === 0
        ? []
        : [
            // The copies of replaced files belong to the accounts that go.
            `kept=; rm -rf -- ${quote(plan.keepFolder)}`,
            `[ -n "\${undone-}" ] || for step in ${cleaning.map(({ index }) => String(index)).join(' ')}; do attempt step "$step" || break; done`,
          ]),
      'unstage',
    ],
  );
}

function auditLines({ audit }: Frame): readonly string[] {
  return audit === undefined ? [] : [auditCall(audit)];
}

/** The lines of one step by phase: all steps are staged, then all are checked, then each is carried out. */
interface Parts {
  readonly index: number;
  readonly stage: readonly string[];
  readonly check: readonly string[];
  readonly act: readonly string[];
}

function partsOf({ actions }: Step, index: number): Parts {
  return {
    index,
    stage: actions.filter(isStaged).map((action) => (action.kind === 'write' ? stageLine(action) : actionLine(action))),
    check: actions.filter((action) => action.kind === 'check').map(actionLine),
    act: inline(actions)
      .filter((action) => action.kind !== 'check')
      .map(actionLine),
  };
}

function isStaged(action: Action): action is Extract<Action, { kind: 'write' | 'folder' }> {
  return action.kind === 'write' || action.kind === 'folder';
}

// A step without other actions is finished by its check; for another step the check alone is not the result.
function checkerOf({ act }: Parts): 'step' | 'check' {
  return act.length === 0 ? 'step' : 'check';
}

// A bash function without a body is a syntax error, hence the `:`. Each action must succeed before the next runs.
function body(kind: string, name: number | string, lines: readonly string[]): string {
  return `${kind}_${String(name)}() {\n:${lines.map((line) => ` &&\n{ ${line}; }`).join('')}\n}`;
}

// bash reads a whole group before it runs any of it, so a connection that breaks leaves either nothing or all of it.
function wrap(
  { nonce, record }: Frame,
  steps: readonly Step[],
  functions: readonly string[],
  lines: readonly string[],
): string {
  const ids = steps.map((step) => quote(step.id)).join(' ');
  const head = `nonce=${quote(nonce)} run=${quote(record.id)} journal=${quote(record.file)}\nids=(${ids})`;
  return `{\n${head}\n${FUNCTIONS}\n${functions.join('\n')}\n${lines.join('\n')}\nexit 0\n}\n`;
}

function lineOf(action: Action): string {
  if (action.kind === 'upload' || action.kind === 'write')
    throw new Error(`${action.kind} cannot be part of a recovery`);
  return actionLine(action);
}

function inline(actions: readonly Action[]): readonly Inline[] {
  return actions.filter((action): action is Inline => action.kind !== 'upload');
}
