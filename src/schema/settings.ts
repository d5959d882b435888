import { Secret } from '../core/secret.ts';
import { DEFAULT_STRATEGY, strategyOf, type RoutingStrategy, type STRATEGY_NAMES } from '../core/routing-strategy.ts';
import { variableOf, type Environment } from './environment.ts';
import type {
  BackendConfig,
  Deployment,
  GatewayConfig,
  MasterKeyReference,
  ModelGroup,
  Routing,
} from './config-types.ts';
import { parseListen } from './listen.ts';
import { readSection, type IssueList, type Section, type SectionValues } from './section.ts';
import { HXLLM, HXLLM_CONTEXT, HXLLM_TIMEOUTS } from './sections/hxllm.ts';
import { GENERAL_SETTINGS, LITELLM_SETTINGS, ROUTER_SETTINGS } from './sections/litellm.ts';
import type { ROOT } from './sections/sections.ts';
import { resolveFallbacks } from './fallbacks.ts';
import { GroupNames } from './group-names.ts';
import { refuseUnmatchable } from './header-key.ts';
import type { ModelList } from './model-list.ts';
import { readKeys, readTeams } from './keys.ts';
import { readEndUserLimits, readUserHeaders } from './end-users.ts';
import { judgeModelLimits, readTimeZone } from './key-limits.ts';
import { readFallbacks, type GivenFallbacks } from './written-fallbacks.ts';
import { backendsOf, readBackends } from './backends.ts';
import { tlsFilesOf } from './tls.ts';
import { readUsage } from './usage.ts';

const MIB = 1024 * 1024;

/** Reads all sections but `model_list`, with their defaults, and completes the groups of `model_list`. */
export function readSettings(
  root: SectionValues<typeof ROOT>,
  environment: Environment,
  models: ModelList,
  findings: IssueList,
): GatewayConfig {
  const router = readTolerantly(ROUTER_SETTINGS, root.router_settings, 'router_settings', findings);
  const litellm = readTolerantly(LITELLM_SETTINGS, root.litellm_settings, 'litellm_settings', findings);
  const general = readSection(GENERAL_SETTINGS, root.general_settings, ['general_settings'], findings);
  const own = readSection(HXLLM, root.hxllm, ['hxllm'], findings);
  const grown = own.context === 'fixed' ? undefined : own.context;
  const context = readSection(HXLLM_CONTEXT, grown, ['hxllm', 'context'], findings);
  const timeouts = readSection(HXLLM_TIMEOUTS, own.timeouts, ['hxllm', 'timeouts'], findings);
  const listen = own.listen === undefined ? undefined : parseListen(own.listen);
  if (own.listen !== undefined && listen === undefined) findings.wrong(['hxllm', 'listen'], 'host:port', own.listen);
  const both = (key: 'fallbacks' | 'default_fallbacks' | 'context_window_fallbacks'): readonly GivenFallbacks[] => [
    { path: ['router_settings', key], value: router[key] },
    { path: ['litellm_settings', key], value: litellm[key] },
  ];
  const strategy = readStrategy(router.routing_strategy, findings);
  const written = readFallbacks(both('fallbacks'), both('default_fallbacks'), findings);
  const names = new GroupNames(models, router.model_group_alias, written, findings);
  const { fallbacks, general: generalFallbacks } = resolveFallbacks(
    written,
    [...models.groups, ...names.made],
    names,
    findings,
  );
  const contextFallbacks = resolveFallbacks(
    readFallbacks(both('context_window_fallbacks'), [], findings),
    [],
    names,
    findings,
  );
  const aliases = names.aliases(findings);
  const groups: readonly ModelGroup[] = [...models.groups, ...names.made];
  const deployments = [
    ...groups.flatMap((group): readonly Deployment[] => group.deployments),
    ...models.wildcards.flatMap(({ filled }) => filled),
  ];
  const masterKey = masterKeyOf(
    general.master_key ?? variableOf(environment, 'LITELLM_MASTER_KEY'),
    own.master_key_previous ?? variableOf(environment, 'LITELLM_MASTER_KEY_PREVIOUS'),
    findings,
  );
  const teams = readTeams(own.teams, findings);
  const keys = readKeys(own.keys, { masterKey, teams }, findings);
  judgeModelLimits({ keys, teams, groups, aliases, wildcards: models.wildcards }, findings);
  return {
    groups,
    wildcards: models.wildcards,
    hidden: names.hidden,
    listen,
    masterKey,
    keys,
    timeZone: readTimeZone(litellm.timezone, findings),
    endUserLimits: readEndUserLimits(own.end_user_limits, findings),
    userHeaders: readUserHeaders(general.user_header_mappings, findings),
    teams,
    tls: tlsFilesOf(own.tls, environment, findings),
    open: own.open ?? false,
    strict: own.strict ?? false,
    origins: originsOf(own.origins, findings),
    metrics: own.metrics ?? 'key',
    mostMetricKeys: own.metrics_max_keys ?? 200,
    queue: { mostWaitMs: (own.max_queue_wait ?? 60) * 1000, longest: own.max_queue ?? 1000 },
    mostContext: own.context === 'fixed' ? undefined : (context.most ?? 32_768),
    stateDir: own.state_dir ?? stateDirectoryOf(environment),
    usage: readUsage(own.usage, findings),
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
      takeOverDrainMs: (timeouts.take_over_drain ?? 600) * 1000,
    },
    routing: {
      strategy,
      limits: readLimits(router, strategy, findings),
      retries: router.num_retries ?? litellm.num_retries ?? 3,
      allowedFails: router.allowed_fails ?? litellm.allowed_fails ?? 3,
      cooldownMs: (router.cooldown_time ?? 5) * 1000,
      fallbacks,
      generalFallbacks,
      contextFallbacks: contextFallbacks.fallbacks,
    },
    aliases,
    backends: backendsOf(
      deployments,
      readBackends(own.backends, deployments, findings),
    ) satisfies readonly BackendConfig[],
  };
}

/** The folder of the gateway's unit (systemd.exec(5)); of several, which a drop-in may add, the first. */
function stateDirectoryOf(environment: Environment): string | undefined {
  const [first] = (variableOf(environment, 'STATE_DIRECTORY') ?? '').split(':');
  return first === undefined || !first.startsWith('/') ? undefined : first;
}

/** A wrong value in a section of LiteLLM's costs its key. */
function readTolerantly<S extends Section>(
  section: S,
  value: unknown,
  name: string,
  findings: IssueList,
): SectionValues<S> {
  return findings.tolerate('ignored', (part) => readSection(section, value, [name], part));
}

function masterKeyOf(key: string | undefined, previous: string | undefined, findings: IssueList): MasterKeyReference {
  if (key === undefined && previous !== undefined)
    // Without a master key everyone is let in, which a person who names a previous key does not expect.
    findings.error(
      'config.previous-key',
      ['hxllm', 'master_key_previous'],
      'expected a master key beside the previous one, found none',
      'set general_settings.master_key to os.environ/LITELLM_MASTER_KEY, or remove hxllm.master_key_previous and LITELLM_MASTER_KEY_PREVIOUS',
    );
  refuseUnmatchable(key, ['general_settings', 'master_key'], findings);
  refuseUnmatchable(previous, ['hxllm', 'master_key_previous'], findings);
  if (key === undefined) return { state: 'none' };
  return { state: 'set', key: new Secret(key), ...(previous === undefined ? {} : { previous: new Secret(previous) }) };
}

function readStrategy(
  name: (typeof STRATEGY_NAMES)[number] | undefined,
  findings: IssueList,
): RoutingStrategy | undefined {
  const strategy = name === undefined ? undefined : strategyOf(name);
  if (strategy !== undefined || name === undefined) return strategy;
  findings.warning(
    'config.not-honoured',
    ['router_settings', 'routing_strategy'],
    `the strategy ${name} is not supported; using ${DEFAULT_STRATEGY}`,
    `set router_settings.routing_strategy to ${DEFAULT_STRATEGY}`,
  );
  return undefined;
}

const ENFORCES = 'enforce_model_rate_limits';

// LiteLLM's router.py and its router_utils/pre_call_checks/model_rate_limit_check.py.
function readLimits(
  router: SectionValues<typeof ROUTER_SETTINGS>,
  strategy: RoutingStrategy | undefined,
  findings: IssueList,
): Routing['limits'] {
  const checks = router.optional_pre_call_checks ?? [];
  for (const [index, check] of checks.entries())
    if (check !== ENFORCES) findings.notHonoured(['router_settings', 'optional_pre_call_checks', index], String(check));
  const tokens = checks.includes(ENFORCES) || strategy === 'usage-based-routing';
  return { requests: tokens || router.enable_pre_call_checks === true, tokens };
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
