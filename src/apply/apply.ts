import type { Become, Host } from '../core/host.ts';
import { fail, ok, type Problem, type Result } from '../core/problem.ts';
import type { Recorder, StepState } from '../core/recorder.ts';
import { changesHost, type Plan, type Step } from '../plan/plan.ts';
import { withSudo, refusedBySudo } from './sudo.ts';
import type { LockToken } from './lock.ts';
import { LOCK_LOST, prepareScript, switchScript } from './script.ts';
import { readTranscript } from './transcript.ts';
import { upload } from './upload.ts';

/** How a plan ended. */
export interface Applied {
  /** Ids of the steps that were carried out and stand. */
  readonly done: readonly string[];
  readonly problems: readonly Problem[];
}

/** What applying needs beside plan and host. */
export interface ApplyTools {
  readonly become: Become;
  readonly recorder: Recorder;
  readonly signal: AbortSignal;
  readonly nowMs: () => number;
  /** A word that no output contains. */
  readonly nonce: string;
  /** The host's lock, without which nothing is done there. */
  readonly lockToken: LockToken | undefined;
}

const PREPARE_TIMEOUT_MS = 120_000;
const SWITCH_TIMEOUT_MS = 300_000;

/** Carries a plan out, in order, and journals every step. Stops at the first that fails; a switch that fails is put back. */
export async function applyPlan(plan: Plan, host: Host, tools: ApplyTools): Promise<Applied> {
  const done: string[] = [];
  for (const batch of batchesOf(plan.steps)) {
    if (tools.signal.aborted) return { done, problems: [aborted(host.name)] };
    const problems = await runBatch(batch, plan, host, tools, done);
    if (problems.length > 0) return { done, problems };
  }
  return { done, problems: [] };
}

interface Batch {
  readonly kind: 'upload' | 'prepare' | 'switch';
  readonly steps: readonly Step[];
}

/** Steps that travel together: uploads alone, neighbours that prepare in one script, the whole switch in one. */
function batchesOf(steps: readonly Step[]): readonly Batch[] {
  const batches: Batch[] = [];
  for (const step of steps) {
    const kind = step.actions.some((action) => action.kind === 'upload') ? 'upload' : step.stage;
    const last = batches.at(-1);
    if (last?.kind === kind && kind !== 'upload') batches[batches.length - 1] = { kind, steps: [...last.steps, step] };
    else batches.push({ kind, steps: [step] });
  }
  return batches;
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
    for (const action of first.actions) {
      if (action.kind !== 'upload') throw new Error(`${first.id} mixes uploads with ${action.kind}`);
      const sent = await upload(host, tools.become, { ...action, title: first.title }, tools.signal);
      if (!sent.ok) {
        say(first, 'failed', sent.problems[0].detail, tools.nowMs() - begin);
        return sent.problems;
      }
    }
    say(first, 'done', undefined, tools.nowMs() - begin);
    done.push(first.id);
    return [];
  }
  const script = batch.kind === 'switch' ? switchScript(plan, batch.steps, tools) : prepareScript(batch.steps, tools);
  const stdout = await runScript(script, batch.kind, host, tools);
  if (!stdout.ok) {
    say(first, 'failed', stdout.problems[0].detail);
    return stdout.problems;
  }
  return report(batch, plan, host, readTranscript(stdout.value, tools.nonce), say, done);
}

async function runScript(script: string, kind: Batch['kind'], host: Host, tools: ApplyTools): Promise<Result<string>> {
  // A switch that has begun is not left half way: it ends within its own limits, and only then is the abort heeded.
  const options =
    kind === 'switch'
      ? { signal: new AbortController().signal, timeoutMs: SWITCH_TIMEOUT_MS }
      : { signal: tools.signal, timeoutMs: PREPARE_TIMEOUT_MS };
  const title = kind === 'switch' ? 'switch over to what is new' : 'prepare the host';
  const ran = await host.run(withSudo(tools.become, { argv: ['bash', '-s'], title, stdin: script }), options);
  if (!ran.ok) return kind === 'switch' ? fail(outOfSight(ran.problems[0])) : ran;
  if (ran.value.exitCode === 0) return ok(ran.value.stdout);
  if (ran.value.exitCode === LOCK_LOST) return fail(lockLost(host.name));
  const refused = refusedBySudo(host.name, tools.become, ran.value);
  return fail(
    refused ?? {
      code: 'enforce.script-failed',
      summary: 'the host did not carry the steps out',
      detail: `bash ended with ${String(ran.value.exitCode)}: ${ran.value.stderr.trim().slice(-2000)}`,
      fix: 'hxllm enforce  # once what the host says is mended',
      where: { host: host.name },
    },
  );
}

type Say = (step: Step, state: StepState, detail?: string, durationMs?: number) => void;

function report(
  batch: Batch,
  plan: Plan,
  host: Host,
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
  if (failed === undefined || broken === undefined)
    return finished.length === batch.steps.length ? [] : [silent(host.name)];
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
    ? 'What was there before is back and runs.'
    : 'What was there before is back; nothing ran before, and nothing runs now.';
  const after =
    undone === undefined
      ? kind === 'switch'
        ? 'Nothing was changed by this step and those after it.'
        : 'The steps after it were not begun.'
      : undone
        ? before
        : `Putting back what was there before failed too: ${stuck}`;
  return {
    code: step.id === 'health' ? 'enforce.health' : 'enforce.step-failed',
    summary: `${step.title}: failed`,
    detail: `${printed === '' ? 'The host gave no reason.' : printed}\n${after}`,
    fix:
      undone === false
        ? `sudo systemctl status litellm.socket litellm.service  # on ${host}`
        : 'hxllm enforce  # once what the host says is mended; nothing that is done is done twice',
    where: { host },
  };
}

function silent(host: string): Problem {
  return {
    code: 'enforce.no-journal',
    summary: 'the host did not say how the steps ended',
    detail: 'The connection ended before the journal was complete; the host ends what it began by itself.',
    fix: 'hxllm enforce --dry-run',
    where: { host },
  };
}

// The host ends a switch without us, and keeps its lock until then; what came of it is for the next run to see.
function outOfSight(problem: Problem): Problem {
  return {
    ...problem,
    detail: `${problem.detail}\nThe host ends by itself what it has begun, or puts it back; the next run sees which, and goes on from there.`,
    fix: 'hxllm enforce',
  };
}

function lockLost(host: string): Problem {
  return {
    code: 'enforce.lock-lost',
    summary: 'the host was let go meanwhile',
    detail:
      'It had heard nothing from here for too long, and somebody else may have changed it since. Nothing was done by this step and those after it.',
    fix: 'hxllm enforce --dry-run',
    where: { host },
  };
}

function aborted(host: string): Problem {
  return {
    code: 'host.aborted',
    summary: 'stopped before the next step',
    detail: 'What was done stays; the next enforce goes on from there.',
    fix: 'hxllm enforce',
    where: { host },
  };
}
