import type { CheckResult, Severity, Verdict } from './verdict.ts';
import { unknown } from './verdict.ts';

/** One judgement about a subject `S` (a host's facts and settings): a record with a pure function. */
export interface Check<S> {
  /** Stable, `subject.claim`, such as `dns.backend-resolves`. */
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  /** The question that the check asks and its worth to the gateway, in one or two sentences. */
  readonly why?: string;
  /** The way to fix it in general, in a sentence. A failure has the exact command. */
  readonly remedy?: string;
  /** Ids of earlier checks. If one of them failed, is unknown or was skipped, this check is skipped. */
  readonly after?: readonly string[];
  /** Pure: the same subject gives the same verdict. */
  judge(subject: S): Verdict;
}

/** The family of a check: the part of its id before the dot. */
export function familyOf(id: string): string {
  return id.slice(0, Math.max(0, id.indexOf('.')));
}

/** The id of a check without its subject: `ollama.answers` for `ollama.answers[http://hx-llm01-server:11434]`. */
export function claimOf(id: string): string {
  return id.replace(/\[.*$/s, '');
}

/**
 * Judges all checks in their order and returns a result for each. A check after one that failed, is unknown or was skipped
 * is skipped and names the first cause, so that one outage is reported once.
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
    // A judge that throws is a bug in hxllm. The operator still gets every other verdict.
    return unknown(`the check itself failed: ${String(error)}`);
  }
}
