import { fail, ok, type Problem, type Result } from '../../core/problem.ts';
import { readBackendUrl } from '../variables/backend-url.ts';

/** Reads the values of `--backend`, each once, without a trailing slash. */
export function readAddresses(given: readonly string[]): Result<readonly string[]> {
  const problems: Problem[] = [];
  const urls = new Set<string>();
  for (const text of given) {
    const read = readBackendUrl(text);
    if (read.ok) urls.add(read.url);
    else
      problems.push({
        code: 'usage.backend',
        summary: `--backend ${text} is not usable`,
        detail: `Wanted ${read.wanted}; seen ${JSON.stringify(text)}.`,
        fix: read.fix,
      });
  }
  const [first, ...rest] = problems;
  return first === undefined ? ok([...urls]) : fail(first, ...rest);
}

/** The host in a backend's URL. */
export function hostOfAddress(url: string): string {
  return new URL(url).hostname;
}
