import { errorMessage } from '../../core/error.ts';
import { parseArgs } from 'node:util';
import { fail, ok, type Result } from '../../core/problem.ts';
import { CONTROL_USAGE } from '../control/control-flags.ts';

/** The gateway's command line, parsed. */
export interface Flags {
  readonly help: boolean;
  readonly config: string;
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly check: boolean;
  /** The id of this instance, and the folder in which instances find each other. */
  readonly instance: string | undefined;
  readonly runtimeFolder: string | undefined;
  /** LiteLLM's flags for TLS, by the variables that they stand for. */
  readonly tls: Readonly<Record<string, string>>;
  /** An environment file; `-`: the standard input. */
  readonly environment: string | undefined;
  /** Flags of LiteLLM on the command line that have no effect here, as written. */
  readonly ignored: readonly string[];
}

/** The help text. */
export const USAGE = `Usage: gateway --config FILE [--host HOST] [--port PORT] [--check] [--environment FILE]
               [--instance ID [--runtime-dir DIR]]
       gateway --control status|gate|take-over [--instance ID] [--runtime-dir DIR]

  --config FILE   the configuration, in LiteLLM's format (config.yaml)
  --host HOST     the address to listen on (default: that of hxllm.listen, else 127.0.0.1)
  --port PORT     the port to listen on (default: that of hxllm.listen, else 4000)
  --check         check the configuration and exit
  --instance ID   the id of this instance: it stands by while another one serves
  --runtime-dir DIR
                  the folder in which instances find each other (default: $RUNTIME_DIRECTORY)
  --environment FILE
                  variables for os.environ/NAME, in the format of systemd's EnvironmentFile=; - is the standard input
  --ssl_certfile_path FILE, --ssl_keyfile_path FILE
                  serve TLS with this certificate and key (LiteLLM's flags; hxllm.tls in the file comes first)
  -h, --help      print this help

Sockets that systemd passes come before all of these. LiteLLM's flags for workers, servers and debugging
(--num_workers, --detailed_debug …) are taken and have no effect.

${CONTROL_USAGE}`;

// Flags of LiteLLM 1.108.7 (litellm/proxy/proxy_cli.py) about its workers, servers, debugging and database.
const WITHOUT_EFFECT = [
  ...switches('debug detailed_debug use_queue drop_params run_gunicorn run_hypercorn run_granian local reload save'),
  ...switches('iam_token_db_auth azure_postgresql_auth use_prisma_db_push enforce_prisma_migration_check'),
  ...switches('use_v2_migration_resolver use_legacy_migration_resolver'),
  ...valued('num_workers workers granian_threads request_timeout max_budget telemetry log_config num_requests'),
  ...valued('keepalive_timeout timeout_worker_healthcheck max_requests_before_restart limit_concurrency'),
  ...valued('max_requests_before_restart_jitter prometheus_metrics_port'),
] as const;

// LiteLLM's flags that say what to serve, how to protect it, or ask for something else than a start: a gateway that ignored them would not
// be the wanted one. Each with its replacement.
const IN_FILE = 'write it into config.yaml, under litellm_params of an entry of model_list';
const CIPHERS = 'remove the flag: the gateway takes the ciphers of Node.js, for TLS 1.2 and 1.3';
const HEALTH = 'ask the running gateway: curl -H "Authorization: Bearer KEY" http://127.0.0.1:4000/health';
const REFUSED = [
  ...refused('model api_base api_version alias headers max_tokens temperature', 'string', IN_FILE),
  ...refused('add_key', 'string', 'set the variable in the environment, and write os.environ/NAME into config.yaml'),
  ...refused('add_function_to_prompt', 'boolean', 'remove the flag: the servers get functions as tools'),
  ...refused('ciphers', 'string', CIPHERS),
  ...refused('health', 'boolean', HEALTH),
  ...refused('test test_async', 'boolean', 'hxllm smoke --url http://127.0.0.1:4000 --key-file FILE'),
  ...refused(
    'setup',
    'boolean',
    'hxllm inventory  # or write config.yaml; hxllm docs configuration shows a minimal one',
  ),
  ...refused('version', 'boolean', 'hxllm --version  # on a host: readlink /opt/litellm/current'),
] as const;

const OPTIONS = {
  config: { type: 'string', short: 'c' },
  host: { type: 'string' },
  port: { type: 'string' },
  check: { type: 'boolean' },
  instance: { type: 'string' },
  'runtime-dir': { type: 'string' },
  environment: { type: 'string' },
  ssl_certfile_path: { type: 'string' },
  ssl_keyfile_path: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  /** LiteLLM's names of `--check`, and of starts that serve nothing. */
  validate_config: { type: 'boolean' },
  skip_server_startup: { type: 'boolean' },
} as const;

type IgnoredFlag = readonly [name: string, option: { readonly type: 'boolean' | 'string' }];

function switches(names: string): readonly IgnoredFlag[] {
  return names.split(' ').map((name) => [name, { type: 'boolean' }]);
}

function valued(names: string): readonly IgnoredFlag[] {
  return names.split(' ').map((name) => [name, { type: 'string' }]);
}

const SHORT: Readonly<Record<string, { readonly short: string }>> = { model: { short: 'm' }, version: { short: 'v' } };

type RefusedFlag = readonly [name: string, option: { readonly type: 'boolean' | 'string'; readonly instead: string }];

function refused(names: string, type: IgnoredFlag[1]['type'], instead: string): readonly RefusedFlag[] {
  return names.split(' ').map((name) => [name, { type, instead }]);
}

/** Parses the command line; `program` is the gateway's name in messages. */
export function parseFlags(argv: readonly string[], program: string): Result<Flags> {
  try {
    const others: Readonly<Record<string, IgnoredFlag[1]>> = Object.fromEntries(WITHOUT_EFFECT);
    const refusals = REFUSED.map(([name, { type }]) => [name, { type, ...SHORT[name] }] as const);
    const options = { ...others, ...Object.fromEntries(refusals), ...OPTIONS };
    const { values } = parseArgs({ args: [...argv], options, strict: true });
    const found = REFUSED.find(([name]) => Object.hasOwn(values, name));
    if (found !== undefined) return notHere(...found);
    const { config, host, port, environment, help = false, validate_config: validate = false } = values;
    const { check = validate || values.skip_server_startup === true } = values;
    const ignored = Object.keys(values).filter((name) => Object.hasOwn(others, name));
    if (config === undefined && !help) return wrong('expected --config FILE, found no --config', program);
    const number = port === undefined ? undefined : Number(port);
    if (number !== undefined && !(/^\d+$/.test(port ?? '') && number <= 65_535))
      return wrong(`expected a port from 0 to 65535 after --port, found ${JSON.stringify(port)}`, program);
    return ok({
      help,
      config: config ?? '',
      host,
      port: number,
      check,
      instance: values.instance,
      runtimeFolder: values['runtime-dir'],
      environment,
      tls: {
        ...(values.ssl_certfile_path === undefined ? {} : { SSL_CERTFILE_PATH: values.ssl_certfile_path }),
        ...(values.ssl_keyfile_path === undefined ? {} : { SSL_KEYFILE_PATH: values.ssl_keyfile_path }),
      },
      ignored: ignored.map((name) => `--${name}`),
    });
  } catch (error) {
    return wrong(errorMessage(error).split('\n', 1)[0] ?? '', program);
  }
}

function notHere(name: string, { instead }: RefusedFlag[1]): Result<never> {
  return fail({
    code: 'usage.gateway',
    summary: `--${name} of LiteLLM has no counterpart here`,
    detail: `Expected flags of this gateway, found --${name}.`,
    fix: instead,
  });
}

function wrong(detail: string, program: string): Result<never> {
  return fail({
    code: 'usage.gateway',
    summary: 'wrong usage of the gateway',
    detail: `${detail.charAt(0).toUpperCase()}${detail.slice(1).replace(/\.$/, '')}.`,
    fix: `${program} --help`,
  });
}
