import { fail, ok, type Problem, type Result } from '../../core/problem.ts';
import { readBackendUrl } from '../variables/backend-url.ts';

/** Reads the values of `--backend`: distinct URLs without trailing slashes. */
export function readAddresses(given: readonly string[]): Result<readonly string[]> {
  const problems: Problem[] = [];
  const urls = new Set<string>();
  for (const text of given) {
    const read = readBackendUrl(text);
    if (read.ok) urls.add(read.url);
    else
      problems.push({
        code: 'usage.backend',
        summary: `invalid --backend ${text}`,
        detail: `Expected ${read.wanted}, found ${JSON.stringify(text)}.`,
        fix: read.fix,
      });
  }
  const [first, ...rest] = problems;
  return first === undefined ? ok([...urls]) : fail(first, ...rest);
}

/** The host of a backend's URL. */
export function hostOfAddress(url: string): string {
  return new URL(url).hostname;
}
