import type { BackendConfig, Deployment } from './config-types.ts';
import { httpUrl } from './kind.ts';
import { readSection, type IssueList } from './section.ts';
import { HXLLM_BACKEND } from './sections.ts';

/** Reads `hxllm.backends`: the stated `num_parallel` by URL. A server that no model names is warned about. */
export function readBackends(
  given: Readonly<Record<string, unknown>> | undefined,
  deployments: readonly Deployment[],
  findings: IssueList,
): ReadonlyMap<string, number | undefined> {
  const stated = new Map<string, number | undefined>();
  for (const [key, value] of Object.entries(given ?? {})) {
    const path = ['hxllm', 'backends', key];
    const url = httpUrl.read(key);
    const { num_parallel: numParallel } = readSection(HXLLM_BACKEND, value, path, findings);
    if (url === undefined) findings.wrong(path, httpUrl.wanted, key);
    else if (deployments.some((deployment) => deployment.url === url)) stated.set(url, numParallel);
    else
      findings.warning(
        'config.unknown-key',
        path,
        `no model_list entry has the api_base ${url}; this has no effect`,
        'compare it with the api_base values, letter by letter',
      );
  }
  return stated;
}

/** The servers that deployments name, each once, in that order. */
export function backendsOf(
  deployments: readonly Deployment[],
  numParallel: ReadonlyMap<string, number | undefined>,
): readonly BackendConfig[] {
  const backends = new Map<string, BackendConfig>();
  for (const { url, provider, apiKey } of deployments) {
    if (!backends.has(url)) backends.set(url, { url, provider, apiKey, numParallel: numParallel.get(url) });
  }
  return [...backends.values()];
}
