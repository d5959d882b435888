import type { Host } from '../core/host.ts';
import { fail, ok, type Problem, type Result } from '../core/problem.ts';
import type { Recorder, StepState } from '../core/recorder.ts';
import { aborted, outOfSight, silent, stepFailed } from './apply-problems.ts';
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

/** The part of a plan that nothing uses yet, the rest, or all. */
export type PlanPart = 'prepare' | 'switch' | 'all';

/**
 * Carries out a plan, or a part of it, in order on a host that is held, and journals every step. Stops at the first failure; a switch that
 * fails is undone. In two parts, `prepare` comes first.
 */
export async function applyPlan(plan: Plan, host: Host, tools: ApplyTools, part: PlanPart = 'all'): Promise<Applied> {
  const done: string[] = [];
  if (part !== 'switch') tools.recorder.event({ kind: 'record', host: host.name, id: tools.record.id });
  const batches = batchesOf(plan.steps).filter(
    ({ kind }) => part === 'all' || (kind === 'switch') === (part === 'switch'),
  );
  for (const batch of batches) {
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
