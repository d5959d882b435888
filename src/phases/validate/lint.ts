import { notApplicable, failed, pass, type Verdict } from '../../core/verdict.ts';
import { lintConfig, type LINT_CODES } from '../../schema/lint.ts';
import type { Issue } from '../../schema/issue.ts';
import type { ReadBack } from './read-back.ts';

/** A finding of one kind about config.yaml; `otherwise` is what is true without it. */
export function judgeLint(read: ReadBack, code: (typeof LINT_CODES)[number], otherwise: string): Verdict {
  if (read.config === undefined) return notApplicable('the gateway does not accept config.yaml');
  const found = issuesOf(read, code);
  const [first] = found;
  return first === undefined
    ? pass(otherwise)
    : failed(wantedIn(first), found.map((issue) => foundIn(issue)).join('; '), first.fix);
}

/** Two backends may be one server by their written addresses, or by those that the host resolves. */
export function judgeOneServer(read: ReadBack, onHost: Verdict): Verdict {
  const written = judgeLint(read, 'lint.one-server', '');
  return written.outcome === 'fail' ? written : onHost;
}

function issuesOf({ config }: ReadBack, code: string): readonly Issue[] {
  return config === undefined ? [] : lintConfig(config).filter((issue) => issue.code === code);
}

// The message of an issue is "expected …, found …".
function wantedIn({ message }: Issue): string {
  return /^expected (.*?), found /.exec(message)?.[1] ?? message;
}

function foundIn({ message }: Issue): string {
  return message.replace(/^expected .*?, found /, '');
}
