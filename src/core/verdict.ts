/** How bad it is when a check fails: errors fail the phase, warnings are shown, notes inform. */
export type Severity = 'error' | 'warning' | 'note';

/** What a check concluded. `skip`: something it depends on did not pass. `unknown`: it could not be asked. */
export type Outcome = 'pass' | 'fail' | 'skip' | 'unknown' | 'not-applicable';

/** A judgement: data, never thrown. */
export interface Verdict {
  readonly outcome: Outcome;
  /** What was seen, or why it was not judged. */
  readonly seen: string;
  /** What was wanted; on failures. */
  readonly wanted?: string;
  /** The command that mends it, as in a Problem; on failures. */
  readonly fix?: string;
}

/** A check that was judged, on one host (or none: `-`). */
export interface CheckResult extends Verdict {
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  readonly host: string;
}

/** All is as wanted; `seen` says what was found. */
export function pass(seen: string): Verdict {
  return { outcome: 'pass', seen };
}

/** Something differs from what is wanted, and `fix` is the command that mends it. */
export function failed(wanted: string, seen: string, fix: string): Verdict {
  return { outcome: 'fail', wanted, seen, fix };
}

/** The question got no usable answer. */
export function unknown(why: string, fix?: string): Verdict {
  return fix === undefined ? { outcome: 'unknown', seen: why } : { outcome: 'unknown', seen: why, fix };
}

/** The check does not apply here; the reason is part of the verdict. */
export function notApplicable(why: string): Verdict {
  return { outcome: 'not-applicable', seen: why };
}

/** Whether a result fails its phase: an error that failed or is unknown. What was skipped has its cause beside it. */
export function failsPhase(result: CheckResult): boolean {
  return result.severity === 'error' && (result.outcome === 'fail' || result.outcome === 'unknown');
}
