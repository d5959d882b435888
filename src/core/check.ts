import type { CheckResult, Severity, Verdict } from './verdict.ts';
import { unknown } from './verdict.ts';

/** One thing to judge about a subject `S` (a host's facts with what is wanted of it): a record and a pure function. */
export interface Check<S> {
  /** Stable, `subject.claim`: `dns.backend-resolves`. */
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  /** Ids that must not have failed or be unknown; otherwise this one is skipped. */
  readonly after?: readonly string[];
  /** Pure: the same subject gives the same verdict. */
  judge(subject: S): Verdict;
}

/**
 * Judges all checks in their order and gives a result for each; a check after one that failed, is unknown or
 * was skipped is skipped, naming the first cause, so one outage does not shout twice.
 */
export function judgeAll<S>(checks: readonly Check<S>[], subject: S, host: string): readonly CheckResult[] {
  const causes = new Map<string, string>();
  return checks.map((check) => {
    const cause = (check.after ?? []).map((id) => causes.get(id)).find((id) => id !== undefined);
    const verdict: Verdict =
      cause === undefined
        ? judgeOne(check, subject)
        : { outcome: 'skip', seen: `not judged because ${cause} did not pass` };
    if (verdict.outcome === 'fail' || verdict.outcome === 'unknown') causes.set(check.id, check.id);
    if (cause !== undefined) causes.set(check.id, cause);
    return { id: check.id, title: check.title, severity: check.severity, host, ...verdict };
  });
}

function judgeOne<S>(check: Check<S>, subject: S): Verdict {
  try {
    return check.judge(subject);
  } catch (error) {
    // A judge that throws is our bug; the operator still gets every other verdict.
    return unknown(`the check itself failed: ${String(error)}`);
  }
}
