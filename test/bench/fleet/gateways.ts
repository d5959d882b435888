import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RoutingStrategy } from '../../../src/core/routing-strategy.ts';
import type { Scenario } from '../../../src/simulation/scenario.ts';
import { KEY } from '../gateway/load.ts';
import { INSTALLED_FLAGS, INSTALLED_VARIABLES, type Place } from '../gateway/proxy.ts';

/** A gateway that the bench starts in front of the servers of a scenario. */
export interface Gateway {
  readonly name: string;
  /** The strategy of ours, which the simulation can run as well. */
  readonly strategy?: RoutingStrategy;
  command(place: Place, scenario: Scenario): readonly string[];
}

/** hxllm as it is installed, packed into one file in the folder above, with a strategy. It knows the slots of the servers. */
export function hxllm(strategy: RoutingStrategy, traceFolder?: string): Gateway {
  return {
    name: strategy,
    strategy,
    command: ({ folder, port, backends }, scenario) => {
      const config = {
        ...litellmConfig(scenario, backends, strategy),
        hxllm: {
          listen: `127.0.0.1:${String(port)}`,
          state_dir: join(folder, 'state'),
          backends: Object.fromEntries(
            backends.map((url, index) => [url, { num_parallel: scenario.servers[index]?.slots ?? 1 }]),
          ),
        },
      };
      const trace = traceFolder === undefined ? [] : [`HXLLM_ROUTE_TRACE=${join(traceFolder, `${strategy}.ndjson`)}`];
      const program = join(folder, '../gateway.mjs');
      return [
        'env',
        ...INSTALLED_VARIABLES,
        ...trace,
        process.execPath,
        ...INSTALLED_FLAGS,
        program,
        '--config',
        configFile(folder, config),
      ];
    },
  };
}

/** LiteLLM with one worker: `program` is the path of its command. */
export function litellm(program: string, strategy: string): Gateway {
  return {
    name: `LiteLLM, ${strategy}`,
    command: ({ folder, port, backends }, scenario) => [
      'env',
      'LITELLM_LOG=ERROR',
      program,
      '--config',
      configFile(folder, litellmConfig(scenario, backends, strategy)),
      '--host',
      '127.0.0.1',
      '--port',
      String(port),
      '--num_workers',
      '1',
    ],
  };
}

const NGINX = '/usr/sbin/nginx';

/** Debian's nginx, one worker, in front of the servers' own `/v1`; `undefined` if it is not installed. Ollama refuses other names than its own. */
export function nginx(method: 'least_conn' | 'round robin'): Gateway | undefined {
  if (!existsSync(NGINX)) return undefined;
  return {
    name: `nginx, ${method}`,
    command: ({ folder, port, backends }) => {
      const servers = backends.map((url) => `server ${new URL(url).host};`).join(' ');
      const file = join(folder, 'nginx.conf');
      writeFileSync(
        file,
        // A worker of root's is another user, which may not write the bodies into this folder.
        `${process.getuid?.() === 0 ? 'user root; ' : ''}daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log /dev/null; events { worker_connections 8192; }
http { access_log off; client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s; client_max_body_size 64m;
upstream servers { ${method === 'least_conn' ? 'least_conn; ' : ''}${servers} }
server { listen 127.0.0.1:${String(port)}; location / { proxy_pass http://servers; proxy_http_version 1.1; proxy_set_header host localhost; proxy_buffering off; } } }\n`,
      );
      return [NGINX, '-p', folder, '-c', file];
    },
  };
}

/** Every model on every server. */
function litellmConfig({ models }: Scenario, backends: readonly string[], strategy: string): object {
  return {
    model_list: models.flatMap(({ name }) =>
      backends.map((api_base) => ({
        model_name: name,
        litellm_params: { model: `ollama_chat/${name}`, api_base },
      })),
    ),
    router_settings: { routing_strategy: strategy },
    general_settings: { master_key: KEY },
  };
}

function configFile(folder: string, config: object): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'config.yaml');
  writeFileSync(file, JSON.stringify(config));
  return file;
}
