import { canonicalModelName } from '../core/model-name.ts';
import type { Deployment, GatewayConfig } from './config-types.ts';
import type { DocumentPath, Issue } from './issue.ts';
import { keyIssues } from './lint-keys.ts';

/** The kinds of findings about a configuration that is valid and serves less well than its writer expects. */
export const LINT_CODES = [
  'lint.contexts',
  'lint.fallbacks',
  'lint.timeouts',
  'lint.one-server',
  'lint.previous-key',
  'lint.keys',
] as const;

/** The least time that a load of a usual model needs: some 5 GB from a disk of 500 MB/s, with the start of its runner. */
const SHORTEST_LOAD_MS = 15_000;

/** Characters of a key that is not weak, as for `litellm_master_key`. */
const SHORTEST_KEY = 20;

/** Warnings about a configuration that the gateway accepts. They refuse nothing. */
export function lintConfig(config: GatewayConfig): readonly Issue[] {
  return [
    ...contextIssues(config),
    ...circleIssues(config),
    ...timeoutIssues(config),
    ...sameServerIssues(config),
    ...previousKeyIssues(config),
    ...keyIssues(config),
  ];
}

// Ollama holds a model once. A request with another num_ctx makes it load the model again, which evicts the first.
function contextIssues({ groups }: GatewayConfig): readonly Issue[] {
  const uses = Map.groupBy(
    groups.flatMap(({ name, isFallback, deployments }) =>
      isFallback === true ? [] : deployments.map((deployment) => ({ name, deployment })),
    ),
    ({ deployment }) => `${deployment.url} ${canonicalModelName(deployment.model)}`,
  );
  const seen = new Set<string>();
  return [...uses.values()].flatMap((all): readonly Issue[] => {
    const [first] = all;
    const byContext = Map.groupBy(all, ({ deployment }) => contextOf(deployment));
    if (first === undefined || first.deployment.provider !== 'ollama' || byContext.size < 2) return [];
    const contexts = [...byContext].map(
      ([context, some]) => `${context} for ${[...new Set(some.map(({ name }) => name))].join(', ')}`,
    );
    const message = `expected one num_ctx for all aliases of ${first.deployment.model} on a server, found ${contexts.join(' and ')}: each request of the one evicts the model of the other`;
    // The same aliases on a second server are no news.
    if (seen.has(message)) return [];
    seen.add(message);
    return [
      warning(
        'lint.contexts',
        ['model_list'],
        message,
        `give all aliases of ${first.deployment.model} the same num_ctx`,
      ),
    ];
  });
}

function contextOf({ options }: Deployment): string {
  const context = options['num_ctx'];
  return typeof context === 'number' ? String(context) : 'none';
}

function circleIssues({ routing }: GatewayConfig): readonly Issue[] {
  const { fallbacks, contextFallbacks, generalFallbacks } = routing;
  return [
    ...circlesIn('fallbacks', withoutGeneral(fallbacks, generalFallbacks)),
    ...circlesIn('context_window_fallbacks', contextFallbacks),
  ];
}

/** The lists that a person wrote for a name: not those of `*` and `default_fallbacks`, which meet themselves in every model that they name. */
function withoutGeneral(
  fallbacks: ReadonlyMap<string, readonly string[]>,
  general: readonly string[],
): ReadonlyMap<string, readonly string[]> {
  const isGeneral = (name: string, list: readonly string[]): boolean =>
    general.length > 0 && list.join('\n') === general.filter((other) => other !== name).join('\n');
  return new Map([...fallbacks].filter(([name, list]) => !isGeneral(name, list)));
}

// A request tries the list of the model that it names, and no list of a fallback: a circle costs no time, but may promise more than it gives.
function circlesIn(key: string, fallbacks: ReadonlyMap<string, readonly string[]>): readonly Issue[] {
  const known = new Set<string>();
  return [...fallbacks.keys()].flatMap((start): readonly Issue[] => {
    const circle = circleFrom(start, fallbacks);
    if (circle === undefined || circle.some((name) => known.has(name))) return [];
    for (const name of circle) known.add(name);
    return [
      warning(
        'lint.fallbacks',
        ['router_settings', key],
        `expected fallbacks that end, found the circle ${[...circle, start].join(' → ')}: a request tries only the fallbacks of the model that it names, each once`,
        `remove ${start} from the fallbacks of ${circle.at(-1) ?? start}, or leave it if these models stand in for each other`,
      ),
    ];
  });
}

/** The names of the shortest way from a name back to itself; `undefined` if there is none. */
function circleFrom(start: string, fallbacks: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined {
  const ways = new Map<string, readonly string[]>([[start, [start]]]);
  for (const [name, way] of ways)
    for (const next of fallbacks.get(name) ?? []) {
      if (next === start) return way;
      // A Map that grows is walked to its end, so this is a search in breadth.
      if (!ways.has(next)) ways.set(next, [...way, next]);
    }
  return undefined;
}

function timeoutIssues({ timeouts: { loadMs, totalMs } }: GatewayConfig): readonly Issue[] {
  const limits: readonly (readonly [string, number])[] = [
    ['load', loadMs],
    ['total', totalMs],
  ];
  return limits
    .filter(([, limitMs]) => limitMs > 0 && limitMs < SHORTEST_LOAD_MS)
    .map(([key, limitMs]) =>
      warning(
        'lint.timeouts',
        ['hxllm', 'timeouts', key],
        `expected at least ${String(SHORTEST_LOAD_MS / 1000)} s, in which a model can be loaded, found ${String(limitMs / 1000)}: a request for a model that is not in memory fails`,
        `remove hxllm.timeouts.${key}, or write 600`,
      ),
    );
}

function sameServerIssues({ backends }: GatewayConfig): readonly Issue[] {
  return [...Map.groupBy(backends, ({ url }) => placeOf(url)).values()].flatMap((same) => {
    const [first, ...others] = same.map(({ url }) => url);
    return first === undefined || others.length === 0
      ? []
      : [
          warning(
            'lint.one-server',
            ['model_list'],
            `expected one address for each server, found ${[first, ...others].join(' and ')} for the same one: its slots and its memory count twice`,
            `write ${first} everywhere`,
          ),
        ];
  });
}

/** A backend's URL without what makes no difference: letter case, a last dot, the names of loopback. A client of 0.0.0.0 reaches it, too. */
function placeOf(url: string): string {
  const { protocol, hostname, port, pathname } = new URL(url);
  const name = hostname.toLowerCase().replace(/\.$/, '');
  const isLoopback =
    ['localhost', '[::1]', '[::]', '0.0.0.0'].includes(name) ||
    /^127(?:\.\d{1,3}){3}$/.test(name) ||
    // IPv4 within IPv6, as URL writes it.
    /^\[::ffff:(?:7f[\da-f]{2}:[\da-f]{1,4}|0:0)\]$/.test(name);
  return `${protocol}//${isLoopback ? 'loopback' : name}:${port}${pathname}`;
}

/** A key that is easily guessed, or that is not another one, gains nothing by a rotation. */
function previousKeyIssues({ masterKey }: GatewayConfig): readonly Issue[] {
  if (masterKey.state === 'none' || masterKey.previous === undefined) return [];
  const { key, previous } = masterKey;
  const path = ['hxllm', 'master_key_previous'];
  const fix = 'remove hxllm.master_key_previous and LITELLM_MASTER_KEY_PREVIOUS';
  if (key.equals(previous.reveal()))
    return [warning('lint.previous-key', path, 'expected another key than the master key, found the same one', fix)];
  return previous.reveal().length < SHORTEST_KEY
    ? [
        warning(
          'lint.previous-key',
          path,
          `expected a previous key of at least ${String(SHORTEST_KEY)} characters, found a shorter one, which still lets callers in`,
          fix,
        ),
      ]
    : [];
}

function warning(code: (typeof LINT_CODES)[number], path: DocumentPath, message: string, fix: string): Issue {
  return { severity: 'warning', code, path, message, fix };
}
