import type { BackendConfig, Deployment } from './config-types.ts';
import { httpUrl } from './kind.ts';
import { readSection, type IssueList } from './section.ts';
import { HXLLM_BACKEND } from './sections/hxllm.ts';

/** Most URLs that a wrong one is compared with: each comparison takes some 10 µs. */
const MOST_COMPARED = 100;

/** Reads `hxllm.backends`: the configured `num_parallel` by URL. A URL that no deployment has is a warning. */
export function readBackends(
  given: Readonly<Record<string, unknown>> | undefined,
  deployments: readonly Deployment[],
  findings: IssueList,
): ReadonlyMap<string, number | undefined> {
  const stated = new Map<string, number | undefined>();
  const known = new Set(deployments.map((deployment) => deployment.url));
  for (const [key, value] of Object.entries(given ?? {})) {
    const path = ['hxllm', 'backends', key];
    const url = httpUrl.read(key);
    const { num_parallel: numParallel } = readSection(HXLLM_BACKEND, value, path, findings);
    if (url === undefined) findings.wrong(path, httpUrl.expected, key);
    else if (known.has(url)) stated.set(url, numParallel);
    else
      findings.unknownKey(
        path,
        url,
        known.size > MOST_COMPARED ? [] : [...known],
        'ignored: no entry of model_list has this api_base',
      );
  }
  return stated;
}

/** The backends of deployments, each once, in the order of their first deployment. */
export function backendsOf(
  deployments: readonly Deployment[],
  numParallel: ReadonlyMap<string, number | undefined>,
): readonly BackendConfig[] {
  const backends = new Map<string, BackendConfig>();
  for (const { url, provider, apiKey, mockText } of deployments) {
    if (mockText === undefined && !backends.has(url))
      backends.set(url, { url, provider, apiKey, numParallel: numParallel.get(url) });
  }
  return [...backends.values()];
}
