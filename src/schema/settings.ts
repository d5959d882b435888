import { isObject } from '../core/json.ts';
import { Secret } from '../core/secret.ts';
import { DEFAULT_STRATEGY, strategyOf, type RoutingStrategy, type STRATEGY_NAMES } from '../core/routing-strategy.ts';
import { referenceOf } from './environment.ts';
import type { BackendConfig, Deployment, GatewayConfig, MasterKeyReference, ModelGroup } from './config-types.ts';
import { parseListen } from './listen.ts';
import { readSection, type IssueList, type SectionValues } from './section.ts';
import { HXLLM, HXLLM_TIMEOUTS } from './sections/hxllm.ts';
import { GENERAL_SETTINGS, LITELLM_SETTINGS, ROUTER_SETTINGS } from './sections/litellm.ts';
import type { ROOT } from './sections/sections.ts';
import { readFallbacks, withDefaults, type GivenFallbacks } from './fallbacks.ts';
import { backendsOf, readBackends } from './backends.ts';

const MIB = 1024 * 1024;

/**
 * Reads all sections but `model_list`, with their defaults. `raw` is the document before environment variables were
 * inserted.
 */
export function readSettings(
  root: SectionValues<typeof ROOT>,
  raw: Readonly<Record<string, unknown>>,
  models: { readonly groups: readonly ModelGroup[] },
  findings: IssueList,
): Omit<GatewayConfig, 'groups'> {
  const router = readSection(ROUTER_SETTINGS, root.router_settings, ['router_settings'], findings);
  const litellm = readSection(LITELLM_SETTINGS, root.litellm_settings, ['litellm_settings'], findings);
  const general = readSection(GENERAL_SETTINGS, root.general_settings, ['general_settings'], findings);
  const own = readSection(HXLLM, root.hxllm, ['hxllm'], findings);
  const timeouts = readSection(HXLLM_TIMEOUTS, own.timeouts, ['hxllm', 'timeouts'], findings);
  const deployments = models.groups.flatMap((group): readonly Deployment[] => group.deployments);
  const listen = own.listen === undefined ? undefined : parseListen(own.listen);
  if (own.listen !== undefined && listen === undefined) findings.wrong(['hxllm', 'listen'], 'host:port', own.listen);
  const aliases = aliasesOf(router.model_group_alias, models.groups, findings);
  const both = (key: 'fallbacks' | 'default_fallbacks' | 'context_window_fallbacks'): readonly GivenFallbacks[] => [
    { path: ['router_settings', key], value: router[key] },
    { path: ['litellm_settings', key], value: litellm[key] },
  ];
  return {
    listen,
    masterKey: masterKeyOf(
      general.master_key,
      isObject(raw['general_settings']) ? raw['general_settings']['master_key'] : undefined,
    ),
    open: own.open ?? false,
    strict: own.strict ?? false,
    origins: originsOf(own.origins, findings),
    metrics: own.metrics ?? 'key',
    queue: { mostWaitMs: (own.max_queue_wait ?? 60) * 1000, longest: own.max_queue ?? 1000 },
    maxBodyBytes: Math.round((own.max_body_mib ?? 64) * MIB),
    maxHeldBytes: Math.round((own.max_bodies_mib ?? 256) * MIB),
    timeouts: {
      connectMs: (timeouts.connect ?? 3) * 1000,
      firstByteMs: (timeouts.first_byte ?? 600) * 1000,
      streamFirstByteMs: router.stream_timeout === undefined ? undefined : router.stream_timeout * 1000,
      loadMs: (timeouts.load ?? 600) * 1000,
      idleMs: (timeouts.idle ?? 120) * 1000,
      wholeMs: (router.timeout ?? litellm.request_timeout ?? 0) * 1000,
      totalMs: (timeouts.total ?? 0) * 1000,
      drainMs: (timeouts.drain ?? 60) * 1000,
    },
    routing: {
      strategy: readStrategy(router.routing_strategy, findings),
      retries: router.num_retries ?? litellm.num_retries ?? 3,
      allowedFails: router.allowed_fails ?? litellm.allowed_fails ?? 3,
      cooldownMs: (router.cooldown_time ?? 5) * 1000,
      fallbacks: withDefaults(
        readFallbacks(both('fallbacks'), models.groups, aliases, findings),
        both('default_fallbacks'),
        models.groups,
        aliases,
        findings,
      ),
      contextFallbacks: readFallbacks(both('context_window_fallbacks'), models.groups, aliases, findings),
    },
    aliases,
    hiddenAliases: hiddenAliasesOf(router.model_group_alias, aliases),
    backends: backendsOf(
      deployments,
      readBackends(own.backends, deployments, findings),
    ) satisfies readonly BackendConfig[],
  };
}

function masterKeyOf(key: string | undefined, raw: unknown): MasterKeyReference {
  if (key !== undefined) return { state: 'set', key: new Secret(key) };
  const variable = referenceOf(raw);
  return variable === undefined ? { state: 'none' } : { state: 'unset', variable };
}

function readStrategy(name: (typeof STRATEGY_NAMES)[number] | undefined, findings: IssueList): RoutingStrategy {
  const strategy = name === undefined ? DEFAULT_STRATEGY : strategyOf(name);
  if (strategy !== undefined) return strategy;
  findings.warning(
    'config.not-honoured',
    ['router_settings', 'routing_strategy'],
    `the strategy ${String(name)} is not supported; using ${DEFAULT_STRATEGY}`,
    `set router_settings.routing_strategy to ${DEFAULT_STRATEGY}`,
  );
  return DEFAULT_STRATEGY;
}

function originsOf(given: readonly unknown[] | undefined, findings: IssueList): ReadonlySet<string> {
  const origins = new Set<string>();
  for (const [index, value] of (given ?? []).entries()) {
    if (typeof value === 'string' && URL.canParse(value) && new URL(value).origin === value) origins.add(value);
    else
      findings.wrong(
        ['hxllm', 'origins', index],
        'an origin as browsers send it, such as https://chat.example or http://localhost:3000',
        value,
      );
  }
  return origins;
}

/** Aliases that LiteLLM serves and does not list: `{model: NAME, hidden: true}`. */
function hiddenAliasesOf(
  given: Readonly<Record<string, unknown>> | undefined,
  aliases: ReadonlyMap<string, string>,
): ReadonlySet<string> {
  const hidden = Object.entries(given ?? {}).filter(([, value]) => isObject(value) && value['hidden'] === true);
  return new Set(hidden.map(([name]) => name).filter((name) => aliases.has(name)));
}

function aliasesOf(
  given: Readonly<Record<string, unknown>> | undefined,
  groups: readonly ModelGroup[],
  findings: IssueList,
): ReadonlyMap<string, string> {
  const aliases = new Map<string, string>();
  for (const [name, value] of Object.entries(given ?? {})) {
    // LiteLLM also accepts {model: NAME, hidden: true}.
    const group = isObject(value) ? value['model'] : value;
    if (typeof group === 'string' && groups.some((known) => known.name === group)) aliases.set(name, group);
    else
      findings.wrong(
        ['router_settings', 'model_group_alias', name],
        `one of the model_name values (${groups.map((known) => known.name).join(', ')})`,
        group,
      );
  }
  return aliases;
}
