/** The weight of a failed check: errors fail the phase, warnings and notes are only shown. */
export type Severity = 'error' | 'warning' | 'note';

/** The conclusion of a check. `skip`: a check that it depends on did not pass. `unknown`: its question had no usable answer. */
export type Outcome = 'pass' | 'fail' | 'skip' | 'unknown' | 'not-applicable';

/** The number that a check judged, with its limit if it has one. */
export interface Measurement {
  readonly value: number;
  /** `ms`, `tokens/s`, `days` … */
  readonly unit: string;
  readonly limit?: number;
}

/** The judgement of a check: data, never thrown. */
export interface Verdict {
  readonly outcome: Outcome;
  /** The state that was found, or the reason why nothing was judged. */
  readonly seen: string;
  /** The expected state; only on failures. */
  readonly wanted?: string;
  /** The command that fixes it, as in a Problem; only on failures. */
  readonly fix?: string;
  /** The number behind `seen`. */
  readonly measured?: Measurement;
}

/** The result of a check on one host (`-`: on no host). */
export interface CheckResult extends Verdict {
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  readonly host: string;
}

/** The state is as expected; `seen` is the state that was found. */
export function pass(seen: string, measured?: Measurement): Verdict {
  return { outcome: 'pass', seen, ...(measured === undefined ? {} : { measured }) };
}

/** The state differs from the expected one; `fix` is the command that fixes it. */
export function failed(wanted: string, seen: string, fix: string, measured?: Measurement): Verdict {
  return { outcome: 'fail', wanted, seen, fix, ...(measured === undefined ? {} : { measured }) };
}

/** The question had no usable answer; `why` is the reason. */
export function unknown(why: string, fix?: string): Verdict {
  return fix === undefined ? { outcome: 'unknown', seen: why } : { outcome: 'unknown', seen: why, fix };
}

/** The check does not apply here; `why` is the reason. */
export function notApplicable(why: string): Verdict {
  return { outcome: 'not-applicable', seen: why };
}

/** Whether a result fails its phase: an error that failed or is unknown. A skipped check does not: its cause fails the phase. */
export function failsPhase(result: CheckResult): boolean {
  return result.severity === 'error' && (result.outcome === 'fail' || result.outcome === 'unknown');
}
