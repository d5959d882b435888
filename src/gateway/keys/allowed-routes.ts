/** The part that a key may have in administration. */
export type AdminRole = 'none' | 'read' | 'write';

/** The paths that a key may call, and its part in administration. */
export interface RouteRule {
  readonly role: AdminRole;
  /** Whether there is a path that it does not allow. */
  readonly restricts: boolean;
  /** Judges a path as the router sees it. Paths of administration are judged by `role` instead. */
  allows(path: string): boolean;
}

/** Paths of administration, with all below them. */
const MANAGEMENT = /^(?:\/v2)?\/(?:key|team|user|customer|end_user|budget|spend|global|usage|organization)(?:\/|$)/;
/** Lists of models and their properties. */
const INFO = /^\/(?:(?:v1\/)?models(?:\/.*)?|(?:v1\/|v2\/)?model\/info|model_group\/info|api\/(?:tags|ps|version))$/;
const ANTHROPIC = /^\/v1\/messages(?:\/|$)/;
const OLLAMA = /^\/api\//;
const MODEL_CHANGES = /^\/model\/(?:new|update|delete)$/;

/** Whether a path belongs to administration. */
export function isManagementPath(path: string): boolean {
  return MANAGEMENT.test(path) || MODEL_CHANGES.test(path);
}

/** LiteLLM's names for several routes (LiteLLMRoutes in litellm/proxy/_types.py, 1.110.2), as far as the gateway has such routes. */
const GROUPS: ReadonlyMap<string, (path: string) => boolean> = new Map([
  ['llm_api_routes', (path: string) => !isManagementPath(path)],
  ['openai_routes', (path: string) => !isManagementPath(path) && !ANTHROPIC.test(path) && !OLLAMA.test(path)],
  ['anthropic_routes', (path: string) => ANTHROPIC.test(path)],
  ['info_routes', (path: string) => INFO.test(path)],
  ['management_routes', () => false],
]);

/** The groups that stand for each `key_type`; `default` restricts nothing. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ['llm_api', 'llm_api_routes'],
  ['management', 'management_routes'],
  ['read_only', 'info_routes'],
]);

/** The values of `key_type`. */
export const KEY_TYPES: readonly string[] = ['default', ...TYPES.keys()];

/** Whether an entry of `allowed_routes` is a path, a pattern or a known group. */
export function isRoute(entry: string): boolean {
  return entry.startsWith('/') || entry === '*' || GROUPS.has(entry);
}

/** The names of {@link isRoute}'s groups. */
export const ROUTE_GROUPS: readonly string[] = [...GROUPS.keys()];

/** The rule of a key: its type and its list must both allow a path. An empty list allows every path. */
export function routeRuleOf(keyType: string, allowedRoutes: readonly string[]): RouteRule {
  const group = TYPES.get(keyType);
  const ofType = group === undefined ? undefined : routeTest(group);
  const ofList = allowedRoutes.length === 0 ? undefined : allowedRoutes.map(routeTest);
  const named = new Set([...(group === undefined ? [] : [group]), ...(group === undefined ? allowedRoutes : [])]);
  return {
    role: named.has('management_routes') ? 'write' : named.has('info_routes') ? 'read' : 'none',
    restricts: ofType !== undefined || ofList !== undefined,
    allows: (path) =>
      (ofType === undefined || ofType(path)) && (ofList === undefined || ofList.some((test) => test(path))),
  };
}

function routeTest(entry: string): (path: string) => boolean {
  const group = GROUPS.get(entry);
  if (group !== undefined) return group;
  if (!entry.includes('*')) return (path) => path === entry;
  const parts = entry.split('*').map((part) => part.replaceAll(/[$()+.?[\\\]^{|}]/g, '\\$&'));
  const pattern = new RegExp(`^${parts.join('.*')}$`, 's');
  return (path) => pattern.test(path);
}
