import type { Host } from '../core/host.ts';
import { fail, ok, type Problem, type Result } from '../core/problem.ts';
import type { Recorder, StepState } from '../core/recorder.ts';
import { changesHost, type Plan, type RunCommand, type Step } from '../plan/plan.ts';
import type { AuditLine } from './audit.ts';
import { batchesOf, type Batch } from './batches.ts';
import type { HostRecord } from './host-record.ts';
import { prepareScript, switchScript } from './script.ts';
import { readTranscript } from './transcript.ts';
import { upload } from './upload.ts';

/** How a plan ended. */
export interface Applied {
  /** Ids of the steps that were carried out and not undone. */
  readonly done: readonly string[];
  readonly problems: readonly Problem[];
}

/** The tools for applying a plan to a host. */
export interface ApplyTools {
  readonly recorder: Recorder;
  readonly signal: AbortSignal;
  readonly nowMs: () => number;
  /** A random word that marks the journal's lines; no other output contains it. */
  readonly nonce: string;
  /** Where the host notes what became of each step. */
  readonly record: HostRecord;
  /** The line of this plan for the host's audit log. */
  readonly audit?: AuditLine | undefined;
}

const PREPARE_TIMEOUT_MS = 120_000;
const SWITCH_TIMEOUT_MS = 300_000;

/** Carries out a plan in order on a host that is held, and journals every step. Stops at the first failure; a switch that fails is undone. */
export async function applyPlan(plan: Plan, host: Host, tools: ApplyTools): Promise<Applied> {
  const done: string[] = [];
  tools.recorder.event({ kind: 'record', host: host.name, id: tools.record.id });
  for (const batch of batchesOf(plan.steps)) {
    if (tools.signal.aborted) return { done, problems: [aborted(host.name, plan.command)] };
    const problems = await runBatch(batch, plan, host, tools, done);
    if (problems.length > 0) return { done, problems };
  }
  return { done, problems: [] };
}

async function runBatch(
  batch: Batch,
  plan: Plan,
  host: Host,
  tools: ApplyTools,
  done: string[],
): Promise<readonly Problem[]> {
  const say = (step: Step, state: StepState, detail?: string, durationMs?: number): void => {
    tools.recorder.event({
      kind: 'step',
      host: host.name,
      id: step.id,
      title: step.title,
      state,
      ...(detail === undefined ? {} : { detail }),
      ...(durationMs === undefined ? {} : { durationMs }),
    });
  };
  const [first] = batch.steps;
  if (first === undefined) return [];
  say(first, 'started');
  if (batch.kind === 'upload') {
    const begin = tools.nowMs();
    for (const [index, action] of first.actions.entries()) {
      const isLast = index === first.actions.length - 1;
      if (action.kind !== 'upload') throw new Error(`${first.id} mixes uploads with ${action.kind}`);
      const sent = await upload(
        host,
        { ...action, title: first.title, command: plan.command },
        tools.record,
        isLast ? first.id : '',
        tools.signal,
      );
      if (!sent.ok) {
        say(first, endingOf(sent.problems[0]), sent.problems[0].detail, tools.nowMs() - begin);
        return sent.problems;
      }
    }
    say(first, 'done', undefined, tools.nowMs() - begin);
    done.push(first.id);
    return [];
  }
  const hasSwitch = plan.steps.some(({ stage }) => stage !== 'prepare');
  // A plan without a switch, as that of an uninstall, has its line in the first script.
  const isFirst = done.length === 0 && !hasSwitch;
  const frame = { ...tools, audit: batch.kind === 'switch' || isFirst ? tools.audit : undefined };
  const script = batch.kind === 'switch' ? switchScript(plan, batch.steps, frame) : prepareScript(batch.steps, frame);
  const stdout = await runScript(script, batch.kind, plan.command, host, tools);
  if (!stdout.ok) {
    say(first, endingOf(stdout.problems[0]), stdout.problems[0].detail);
    return stdout.problems;
  }
  const transcript = readTranscript(stdout.value, tools.nonce);
  for (const text of transcript.warnings)
    tools.recorder.event({ kind: 'note', host: host.name, text: `warning: ${text}` });
  return report(batch, plan, host, tools, transcript, say, done);
}

/** A step whose end was not heard may have been carried out: the host's own record tells the next run. */
function endingOf({ code }: Problem): StepState {
  return code.startsWith('host.') ? 'unknown' : 'failed';
}

async function runScript(
  script: string,
  kind: Batch['kind'],
  command: RunCommand,
  host: Host,
  tools: ApplyTools,
): Promise<Result<string>> {
  // A switch that has begun is never aborted half way: it ends within its own time limits, and then the abort is honoured.
  const isSwitch = kind === 'switch';
  const options = isSwitch
    ? { signal: new AbortController().signal, timeoutMs: SWITCH_TIMEOUT_MS }
    : { signal: tools.signal, timeoutMs: PREPARE_TIMEOUT_MS };
  const title = isSwitch ? 'switch to the new state' : 'prepare the host';
  const breaks = isSwitch ? 'whole' : 'steps';
  const goesOn = (): void =>
    tools.recorder.event({ kind: 'note', host: host.name, text: 'the switch has begun and goes on to its end' });
  if (isSwitch) tools.signal.addEventListener('abort', goesOn, { once: true });
  const ran = await host.run({ argv: ['bash', '-s'], title, stdin: script, breaks }, options);
  tools.signal.removeEventListener('abort', goesOn);
  if (!ran.ok)
    return isSwitch && ran.problems[0].code !== 'enforce.lock-lost' ? fail(outOfSight(ran.problems[0], command)) : ran;
  // A script that was ended on its way still says which steps it carried out.
  if (ran.value.exitCode === 0 || ran.value.stdout.includes(`${tools.nonce} `)) return ok(ran.value.stdout);
  return fail({
    code: 'enforce.script-failed',
    summary: 'the steps could not be run on the host',
    detail: `bash ended with ${String(ran.value.exitCode)}: ${ran.value.stderr.trim().slice(-2000)}`,
    fix: `${command}  # after fixing what the host reports`,
    where: { host: host.name },
  });
}

type Say = (step: Step, state: StepState, detail?: string, durationMs?: number) => void;

function report(
  batch: Batch,
  plan: Plan,
  host: Host,
  { signal }: ApplyTools,
  transcript: ReturnType<typeof readTranscript>,
  say: Say,
  done: string[],
): readonly Problem[] {
  const { failed, undone } = transcript;
  const finished = [...transcript.done].flatMap(([index, ms]) =>
    batch.steps[index] === undefined ? [] : [{ step: batch.steps[index], ms }],
  );
  const [first] = batch.steps;
  for (const { step, ms } of finished) {
    if (step !== first) say(step, 'started');
    say(step, 'done', undefined, ms);
    if (undone === undefined) done.push(step.id);
  }
  const broken = failed === undefined ? undefined : batch.steps[failed.step];
  if (failed === undefined || broken === undefined) {
    if (finished.length === batch.steps.length) return [];
    if (finished.length === 0 && first !== undefined) say(first, 'unknown', 'its end was not reported');
    return [signal.aborted ? aborted(host.name, plan.command) : silent(host.name, plan.command)];
  }
  say(broken, 'failed', failed.printed, failed.durationMs);
  if (undone === true) for (const { step } of finished.toReversed()) if (changesHost(step)) say(step, 'undone');
  return [stepFailed(broken, failed.printed, batch.kind, plan, host.name, undone, transcript.stuck)];
}

function stepFailed(
  step: Step,
  printed: string,
  kind: Batch['kind'],
  plan: Plan,
  host: string,
  undone: boolean | undefined,
  stuck: string,
): Problem {
  const before = plan.hasPrevious
    ? 'The previous state is restored and running.'
    : 'The previous state is restored: nothing ran before, and nothing runs now.';
  const after =
    step.stage === 'clean'
      ? 'The new state is in place and running. The next enforce removes the rest.'
      : undone === undefined
        ? kind === 'switch'
          ? 'This step and the steps after it changed nothing.'
          : 'The steps after it were not started.'
        : undone
          ? before
          : `Restoring the previous state failed too: ${stuck}`;
  return {
    code: step.id === 'health' ? 'enforce.health' : 'enforce.step-failed',
    summary: `${step.title}: failed`,
    detail: `${printed === '' ? 'The host reported no reason.' : printed}\n${after}`,
    fix:
      undone === false
        ? `sudo systemctl status litellm.socket litellm.service  # on ${host}`
        : `${plan.command}  # after fixing what the host reports; finished steps are not repeated`,
    where: { host },
  };
}

function silent(host: string, command: RunCommand): Problem {
  return {
    code: 'enforce.no-journal',
    summary: 'the host did not report how the steps ended',
    detail: 'The connection ended before the journal was complete. The host finishes by itself what it has begun.',
    fix: `${command} --dry-run`,
    where: { host },
  };
}

// The host finishes a switch without a connection and keeps its lock until then. The next run sees the result.
function outOfSight(problem: Problem, command: RunCommand): Problem {
  return {
    ...problem,
    detail: `${problem.detail}\nThe host finishes what it has begun, or undoes it, by itself. The next run sees which, and continues from there.`,
    fix: command,
  };
}

function aborted(host: string, command: RunCommand): Problem {
  return {
    code: 'host.aborted',
    summary: 'stopped before the next step',
    detail: 'Finished steps stay; the next run continues from there.',
    fix: command,
    where: { host },
  };
}
