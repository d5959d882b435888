import { errorMessage } from '../../core/error.ts';
import { parseArgs } from 'node:util';
import { fail, ok, type Result } from '../../core/problem.ts';

/** The gateway's command line, parsed. */
export interface Flags {
  readonly help: boolean;
  readonly config: string;
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly check: boolean;
  /** Flags of LiteLLM on the command line that have no effect here, as written. */
  readonly ignored: readonly string[];
}

/** The help text. */
export const USAGE = `Usage: gateway --config FILE [--host HOST] [--port PORT] [--check]

  --config FILE   the configuration, in LiteLLM's format (config.yaml)
  --host HOST     the address to listen on (default: that of hxllm.listen, else 127.0.0.1)
  --port PORT     the port to listen on (default: that of hxllm.listen, else 4000)
  --check         check the configuration and exit
  -h, --help      print this help

Sockets that systemd passes come before all of these. LiteLLM's flags for workers, servers and debugging
(--num_workers, --detailed_debug …) are taken and have no effect.
`;

// Flags of LiteLLM 1.108.7 (litellm/proxy/proxy_cli.py) about its workers, servers, debugging and database. Others say what to serve, or
// how to protect it: they stay an error.
const WITHOUT_EFFECT = [
  ...switches('debug detailed_debug use_queue drop_params run_gunicorn run_hypercorn run_granian local reload save'),
  ...switches('iam_token_db_auth azure_postgresql_auth use_prisma_db_push enforce_prisma_migration_check'),
  ...switches('use_v2_migration_resolver use_legacy_migration_resolver'),
  ...valued('num_workers workers granian_threads request_timeout max_budget telemetry log_config num_requests'),
  ...valued('keepalive_timeout timeout_worker_healthcheck max_requests_before_restart limit_concurrency'),
  ...valued('max_requests_before_restart_jitter prometheus_metrics_port'),
] as const;

const OPTIONS = {
  config: { type: 'string', short: 'c' },
  host: { type: 'string' },
  port: { type: 'string' },
  check: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  /** LiteLLM's name of `--check`. */
  validate_config: { type: 'boolean' },
} as const;

type Option = readonly [name: string, option: { readonly type: 'boolean' | 'string' }];

function switches(names: string): readonly Option[] {
  return names.split(' ').map((name) => [name, { type: 'boolean' }]);
}

function valued(names: string): readonly Option[] {
  return names.split(' ').map((name) => [name, { type: 'string' }]);
}

/** Parses the command line; `program` is the gateway's name in messages. */
export function parseFlags(argv: readonly string[], program: string): Result<Flags> {
  try {
    const others: Readonly<Record<string, Option[1]>> = Object.fromEntries(WITHOUT_EFFECT);
    const { values } = parseArgs({ args: [...argv], options: { ...others, ...OPTIONS }, strict: true });
    const { config, host, port, help = false, validate_config: validate = false, check = validate } = values;
    const ignored = Object.keys(values).filter((name) => Object.hasOwn(others, name));
    if (config === undefined && !help) return wrong('expected --config FILE, found no --config', program);
    const number = port === undefined ? undefined : Number(port);
    if (number !== undefined && !(/^\d+$/.test(port ?? '') && number <= 65_535))
      return wrong(`expected a port from 0 to 65535 after --port, found ${JSON.stringify(port)}`, program);
    return ok({ help, config: config ?? '', host, port: number, check, ignored: ignored.map((name) => `--${name}`) });
  } catch (error) {
    return wrong(errorMessage(error).split('\n', 1)[0] ?? '', program);
  }
}

function wrong(detail: string, program: string): Result<never> {
  return fail({
    code: 'usage.gateway',
    summary: 'wrong usage of the gateway',
    detail: `${detail.charAt(0).toUpperCase()}${detail.slice(1).replace(/\.$/, '')}.`,
    fix: `${program} --help`,
  });
}
