import { errorMessage } from '../../core/error.ts';
import type { PhaseReport, PhaseTools } from '../../core/phase.ts';
import type { Problem, Result } from '../../core/problem.ts';
import type { PhaseEvent, RecordedStep, Recorder } from '../../core/recorder.ts';
import { hashInputs } from '../../evidence/input-file.ts';
import { openRun, type Run } from '../../evidence/run-folder.ts';
import { signRun } from '../../evidence/signature/sign.ts';
import type { InputFile, RunEnding } from '../../evidence/run-record.ts';
import { EXIT, exitCodeOfPhase, exitCodeOfProblems } from '../exit-code.ts';
import { repeatsCheck } from '../views/problem.ts';
import { crashReport } from './crash-report.ts';
import { createEventLog } from './event-log.ts';
import type { PhaseOutcome } from './outcome.ts';
import { asks, evidenceRoot, type Session } from './session.ts';

/** A running phase as its work sees it: the tools, and functions that report its hosts, files and diffs. */
export interface PhaseRun {
  readonly tools: Omit<PhaseTools, 'connect'>;
  readonly about: (facts: {
    readonly hosts: readonly string[];
    readonly files: readonly string[];
    readonly warnings: readonly Problem[];
    /** The absolute path of the key that signs the evidence. */
    readonly signingKey?: string | undefined;
  }) => void;
  /** Shows the change of a file. */
  readonly diff: (diff: string) => void;
}

/** The description of a run: a phase, or uninstall. */
export interface PhaseSpec {
  readonly name: string;
  readonly question: string;
  /** The next command for an outcome; `undefined`: none is shown. */
  readonly next: (outcome: PhaseOutcome) => string | undefined;
  /** Pending changes are exit code 2. */
  readonly detailedExitCode?: boolean;
  /** Titles of the families of its checks, which its output is folded by. */
  readonly families?: Readonly<Record<string, string>>;
}

/**
 * Runs one phase with evidence and view: opens the run's folder, shows and keeps every event (redacted), and closes the run
 * however the work ends. Never throws: an error of the work is a bug, kept with its stack, exit code 70.
 */
export async function runPhase(
  session: Session,
  spec: PhaseSpec,
  work: (run: PhaseRun) => Promise<PhaseReport>,
): Promise<PhaseOutcome> {
  const { terminal, view, redaction, signal } = session;
  const startedMs = terminal.nowMs();
  view.begin(spec.name, spec.question, spec.families);
  const opened = openRun({
    root: evidenceRoot(session),
    phase: spec.name,
    version: session.version,
    command: session.command,
    cwd: terminal.cwd,
    by: `${terminal.userName}@${terminal.machineName}`,
    pid: terminal.pid,
    redaction,
    nowMs: terminal.nowMs,
  });
  const run = opened.ok ? opened.value : undefined;
  session.open.run = run;
  const log = createEventLog();
  let hosts: readonly string[] = [];
  let inputs: readonly InputFile[] = [];
  let warnings: readonly Problem[] = [];
  let signingKey: string | undefined;

  const heard = new Map<string, readonly RecordedStep[]>();

  const say = (event: PhaseEvent): void => {
    if (event.kind === 'recorded') heard.set(event.host, event.steps);
    // Redaction keeps an event's shape.
    const shown = redaction.data(event) as PhaseEvent;
    log.add(shown);
    run?.recorder.event(event);
    // The evidence keeps both, but the view shows an outage once: as the failed check.
    if (shown.kind !== 'problem' || !repeatsCheck(shown.problem, log.results())) view.event(shown);
  };
  const recorder: Recorder = { event: say, file: (path, content) => run?.recorder.file(path, content) };
  const acts: ((manifest: string | undefined) => Promise<readonly string[]>)[] = [];
  const tools = {
    recorder,
    ...(run === undefined ? {} : { run: { name: run.name, before: run.before } }),
    whenClosed: (act: (manifest: string | undefined) => Promise<readonly string[]>) => void acts.push(act),
    signal,
    nowMs: terminal.nowMs,
    by: `${terminal.userName}@${terminal.machineName}`,
    cutOff: run?.openRecords ?? [],
    confirm: async ({ question }: { readonly question: string }) => {
      if (!asks(session)) return true;
      view.pause();
      return terminal.askYesNo(redaction.text(question), signal);
    },
  };
  const about: PhaseRun['about'] = (facts) => {
    ({ hosts, warnings, signingKey } = facts);
    inputs = hashInputs(facts.files);
    view.hosts(hosts);
    for (const warning of warnings) view.warning(cleaned(session, warning));
  };
  const shownDiff = (diff: string): void => view.diff(redaction.text(diff));

  const report = opened.ok
    ? await work({ tools, about, diff: shownDiff }).catch((error: unknown) => crashReport(session, error, recorder))
    : { ending: 'failed' as const, results: [], problems: opened.problems, changes: 0 };
  const ending: RunEnding =
    'crashed' in report ? 'crashed' : signal.aborted && report.ending !== 'passed' ? 'aborted' : report.ending;
  const exitCode =
    ending === 'crashed'
      ? EXIT.bug
      : ending === 'aborted'
        ? EXIT.interrupted
        : exitCodeOfPhase({ ...report, ending }, spec.detailedExitCode ?? false);
  const { results, changes } = report;
  // After Ctrl-C, problems of questions without an answer and of silent hosts are no news: keep only those shown before.
  const problems =
    ending === 'aborted' ? report.problems.filter((problem) => log.has(redaction.data(problem))) : report.problems;
  // Results and problems that were not events yet become events now, so that view, events.jsonl and run.json agree.
  for (const result of results) if (!log.has(redaction.data(result))) say({ kind: 'check', result });
  for (const problem of problems) if (!log.has(redaction.data(problem))) say({ kind: 'problem', problem });
  const settled = run?.settle(heard);
  for (const text of settled?.notes ?? []) say({ kind: 'note', text });
  const closed = settled === undefined || settled.closed.length === 0 ? {} : { closed: settled.closed };
  const kept = run?.close(
    { ending, exitCode, hosts, inputs, changes, results, problems, warnings, ...closed },
    signingKey !== undefined,
  );
  session.open.run = undefined;
  const head = run?.manifest();
  for (const text of await actsAfter(acts, head))
    view.event({ kind: 'note', text: redaction.text(`warning: ${text}`) });
  const signed =
    run === undefined || head === undefined || signingKey === undefined
      ? undefined
      : await sign(session, run.folder, signingKey);
  const lost = [kept, signed].flatMap((result) => (result === undefined || result.ok ? [] : result.problems));
  for (const problem of lost) view.event({ kind: 'problem', problem });
  const outcome: PhaseOutcome = {
    phase: spec.name,
    ending,
    // Evidence that could not be kept is a failure, even if the phase passed.
    exitCode: exitCode === EXIT.ok && lost.length > 0 ? exitCodeOfProblems(lost) : exitCode,
    startedAt: new Date(startedMs).toISOString(),
    durationMs: terminal.nowMs() - startedMs,
    evidence: run?.folder,
    ...(head === undefined ? {} : { head }),
    hosts,
    changes,
    results: clean(session, results),
    problems: clean(session, [...problems, ...lost]),
    warnings: clean(session, warnings),
    ...log.kept(),
  };
  view.end(outcome, spec.next(outcome));
  return outcome;
}

// An interrupted run is signed too: Ctrl-C ends this process a second time only.
function sign({ terminal, view }: Session, folder: string, key: string): Promise<Result<void>> {
  view.pause();
  const { environment, interactive } = terminal;
  return signRun(folder, { key, environment, mayAsk: interactive, signal: new AbortController().signal });
}

// The evidence is closed, so a failure here is only shown.
async function actsAfter(
  acts: readonly ((manifest: string | undefined) => Promise<readonly string[]>)[],
  manifest: string | undefined,
): Promise<readonly string[]> {
  const ended = await Promise.allSettled(acts.map((act) => act(manifest)));
  return ended.flatMap((each) => (each.status === 'fulfilled' ? each.value : [errorMessage(each.reason)]));
}

/** Closes an open run at once, as aborted or crashed. */
export function abandon(run: Run, ending: 'aborted' | 'crashed'): void {
  run.close({
    ending,
    exitCode: ending === 'aborted' ? EXIT.interrupted : EXIT.bug,
    hosts: [],
    inputs: [],
    changes: 0,
    results: [],
    problems: [],
    warnings: [],
  });
}

function cleaned(session: Session, problem: Problem): Problem {
  // Redaction keeps a Problem's shape.
  return session.redaction.data(problem) as Problem;
}

function clean<T>(session: Session, list: readonly T[]): readonly T[] {
  // As above.
  return session.redaction.data(list) as readonly T[];
}
