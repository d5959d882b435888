import { stringify } from 'yaml';
import {
  pathsOf,
  type Backend,
  type ClientKey,
  type KeyLimits,
  type Model,
  type Settings,
  type Team,
} from '../config/config.ts';
import { schemaLine } from '../core/json-schema.ts';
import { MARK_LINE } from '../core/mark.ts';
import { fail, ok, type Result } from '../core/problem.ts';
import type { ConfigYaml, KeyEntry, ModelEntry, TeamEntry } from '../schema/config-yaml.ts';

/** The gateway's own default is not written. */
const DEFAULT_DRAIN_S = 600;

/** Builds `config.yaml` from the variables: an entry for each model and each of its backends, in that order. */
export function buildGatewayConfig(settings: Settings): Result<ConfigYaml> {
  const { models, backends, tls, endUsers } = settings;
  if (models === undefined || backends === undefined) {
    const missing = models === undefined ? 'litellm_models' : 'litellm_backends';
    return fail({
      code: 'variables.undefined',
      summary: `${missing} is not defined`,
      detail: `Expected litellm_models and litellm_backends, which config.yaml is built from, found no ${missing}.`,
      fix: 'hxllm inventory',
    });
  }
  const limits = Object.fromEntries(
    backends.flatMap(({ url, numParallel, maxLoadedModels }) =>
      numParallel === undefined && maxLoadedModels === undefined
        ? []
        : [
            [
              url,
              {
                ...(numParallel === undefined ? {} : { num_parallel: numParallel }),
                ...(maxLoadedModels === undefined ? {} : { max_loaded_models: maxLoadedModels }),
              },
            ],
          ],
    ),
  );
  return ok({
    model_list: models.flatMap((model) =>
      backends
        .filter((backend) => model.backends?.includes(backend.url) ?? true)
        .map((backend) => entryOf(model, backend)),
    ),
    router_settings: { routing_strategy: settings.routingStrategy },
    general_settings: {
      master_key: 'os.environ/LITELLM_MASTER_KEY',
      ...(endUsers?.headers === undefined
        ? {}
        : { user_header_mappings: endUsers.headers.map((header_name) => ({ header_name })) }),
    },
    hxllm: {
      listen: listenText(settings.listen, settings.port),
      ...(settings.keys.length === 0 ? {} : { keys: settings.keys.map(keyEntryOf) }),
      ...(settings.teams.length === 0 ? {} : { teams: settings.teams.map(teamEntryOf) }),
      ...(endUsers?.limits === undefined
        ? {}
        : { end_user_limits: limitsOf({ ...endUsers.limits, modelRpm: {}, modelTpm: {} }) }),
      ...(tls === undefined ? {} : { tls: tlsFilesOf(settings) }),
      state_dir: pathsOf(settings).stateDir,
      ...(settings.drainTimeoutS === DEFAULT_DRAIN_S ? {} : { timeouts: { take_over_drain: settings.drainTimeoutS } }),
      ...(Object.keys(limits).length === 0 ? {} : { backends: limits }),
    },
  });
}

function tlsFilesOf(settings: Settings): { readonly cert: string; readonly key: string } {
  const { tlsCertFile, tlsKeyFile } = pathsOf(settings);
  return settings.tls?.from === 'host'
    ? { cert: settings.tls.certFile, key: settings.tls.keyFile }
    : { cert: tlsCertFile, key: tlsKeyFile };
}

/**
 * `config.yaml` as marked text. It is quoted so that YAML 1.1 readers such as LiteLLM read the same values. Its second line
 * names its JSON Schema, a file on the same host, for editors.
 */
export function writeGatewayConfig(config: ConfigYaml, schemaFile: string): string {
  const yaml = stringify(config, { compat: 'yaml-1.1', lineWidth: 0, aliasDuplicateObjects: false });
  return `${MARK_LINE}\n${schemaLine(fileUrl(schemaFile))}\n${yaml}`;
}

// The language server takes the reference up to the first blank.
function fileUrl(path: string): string {
  return `file://${encodeURI(path).replaceAll(/[?#]/g, encodeURIComponent)}`;
}

/** `host:port`, with brackets around an IPv6 address. */
export function listenText(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${String(port)}` : `${host}:${String(port)}`;
}

type LimitFields = Pick<
  KeyEntry,
  | 'rpm_limit'
  | 'tpm_limit'
  | 'model_rpm_limit'
  | 'model_tpm_limit'
  | 'max_parallel_requests'
  | 'token_budget'
  | 'max_budget'
  | 'budget_duration'
>;

function limitsOf({ rpm, tpm, modelRpm, modelTpm, parallel, budget }: KeyLimits): LimitFields {
  return {
    ...(rpm === undefined ? {} : { rpm_limit: rpm }),
    ...(tpm === undefined ? {} : { tpm_limit: tpm }),
    ...(Object.keys(modelRpm).length === 0 ? {} : { model_rpm_limit: modelRpm }),
    ...(Object.keys(modelTpm).length === 0 ? {} : { model_tpm_limit: modelTpm }),
    ...(parallel === undefined ? {} : { max_parallel_requests: parallel }),
    ...(budget?.tokens === undefined ? {} : { token_budget: budget.tokens }),
    ...(budget?.money === undefined ? {} : { max_budget: budget.money }),
    ...(budget?.duration === undefined ? {} : { budget_duration: budget.duration }),
  };
}

function keyEntryOf({ alias, hash, expires, blocked, models, team, trustsUserHeaders, limits }: ClientKey): KeyEntry {
  return {
    alias,
    hash,
    ...(expires === undefined ? {} : { expires }),
    ...(blocked ? { blocked } : {}),
    ...(models.length === 0 ? {} : { models }),
    ...(team === undefined ? {} : { team }),
    ...(trustsUserHeaders ? { trust_user_headers: true } : {}),
    ...limitsOf(limits),
  };
}

function teamEntryOf({ alias, models, blocked, limits }: Team): TeamEntry {
  return {
    alias,
    ...(models.length === 0 ? {} : { models }),
    ...(blocked ? { blocked } : {}),
    ...limitsOf(limits),
  };
}

function entryOf(model: Model, backend: Backend): ModelEntry {
  const embedding = model.mode === 'embedding';
  const info = {
    ...(embedding ? { mode: 'embedding' } : {}),
    ...(model.accessGroups === undefined ? {} : { access_groups: model.accessGroups }),
  };
  return {
    model_name: model.name,
    litellm_params: {
      model: `${embedding ? 'ollama' : 'ollama_chat'}/${model.model}`,
      api_base: backend.url,
      ...(model.numCtx === undefined ? {} : { num_ctx: model.numCtx }),
      ...(model.keepAlive === undefined ? {} : { keep_alive: model.keepAlive }),
      ...model.options,
    },
    ...(Object.keys(info).length === 0 ? {} : { model_info: info }),
  };
}
