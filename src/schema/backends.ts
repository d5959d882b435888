import type { BackendConfig, Deployment } from './config-types.ts';
import { httpUrl } from './kind.ts';
import { readSection, type IssueList } from './section.ts';
import { HXLLM_BACKEND } from './sections/hxllm.ts';

/** Most URLs that a wrong one is compared with: each comparison takes some 10 µs. */
const MOST_COMPARED = 100;

/** The settings of a backend. */
type BackendSettings = Pick<BackendConfig, 'numParallel' | 'maxLoadedModels'>;

/** Reads `hxllm.backends`: the settings by URL. A URL that no deployment has is a warning. */
export function readBackends(
  given: Readonly<Record<string, unknown>> | undefined,
  deployments: readonly Deployment[],
  findings: IssueList,
): ReadonlyMap<string, BackendSettings> {
  const stated = new Map<string, BackendSettings>();
  const known = new Set(deployments.map((deployment) => deployment.url));
  for (const [key, value] of Object.entries(given ?? {})) {
    const path = ['hxllm', 'backends', key];
    const url = httpUrl.read(key);
    const { num_parallel: numParallel, max_loaded_models: maxLoadedModels } = readSection(
      HXLLM_BACKEND,
      value,
      path,
      findings,
    );
    if (url === undefined) findings.wrong(path, httpUrl.expected, key);
    else if (known.has(url)) stated.set(url, { numParallel, maxLoadedModels });
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
  settings: ReadonlyMap<string, BackendSettings>,
): readonly BackendConfig[] {
  const backends = new Map<string, BackendConfig>();
  for (const { url, provider, apiKey, mockText } of deployments) {
    if (mockText === undefined && !backends.has(url))
      backends.set(url, {
        url,
        provider,
        apiKey,
        numParallel: undefined,
        maxLoadedModels: undefined,
        ...settings.get(url),
      });
  }
  return [...backends.values()];
}
