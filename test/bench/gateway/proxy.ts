import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { packGateway } from '../../../src/cli/shipping/bundle.ts';
import { endWithUs } from '../../children.ts';
import { KEY } from './load.ts';

/** A proxy to measure, and how to start it on a port in front of two servers. */
export interface Proxy {
  readonly name: string;
  command(place: Place): readonly string[];
}

/** The ports of a proxy. */
export interface Place {
  readonly folder: string;
  readonly port: number;
  readonly backends: readonly string[];
}

/** A proxy that is running. */
export interface Started {
  readonly port: number;
  readonly pid: number;
  /** Ends it, and waits for its end. */
  stop(): Promise<void>;
}

const HERE = import.meta.dirname;
const NGINX = '/usr/sbin/nginx';

const WRAPPER = readFileSync(join(HERE, '../../../templates/gateway'), 'utf8');

/** The options of Node.js with which an installed gateway runs. */
export const INSTALLED_FLAGS = WRAPPER.match(/(?<= )--(?:max-[\w-]+=\d+|no-[\w-]+)(?= .*gateway\.mjs)/g) ?? [];

/** Its variables of glibc's malloc, each as `NAME=value`. */
export const INSTALLED_VARIABLES = [...WRAPPER.matchAll(/"\$\{(MALLOC_\w+):=(\d+)\}"/g)].map(
  ([, name = '', value = '']) => `${name}=${value}`,
);

/** hxllm as it is installed, packed into one file, with everything on; `openai` uses the servers' `/v1` instead of Ollama's API, `settings` are further keys of `hxllm`. */
export function hxllm(
  provider: 'ollama_chat' | 'openai',
  nodeFlags: readonly string[] = [],
  settings: Readonly<Record<string, unknown>> = {},
): Proxy {
  return {
    name: provider === 'openai' ? 'hxllm, openai/ servers' : 'hxllm',
    command: ({ folder, port, backends }) => {
      const config = {
        model_list: backends.map((url) => ({
          model_name: 'm',
          litellm_params: {
            model: `${provider}/m`,
            api_base: provider === 'openai' ? `${url}/v1` : url,
            api_key: 'none',
          },
        })),
        router_settings: { routing_strategy: 'fleet' },
        general_settings: { master_key: KEY },
        hxllm: {
          ...settings,
          listen: `127.0.0.1:${String(port)}`,
          backends: Object.fromEntries(
            backends.map((url) => [provider === 'openai' ? `${url}/v1` : url, { num_parallel: 4096 }]),
          ),
        },
      };
      writeFileSync(join(folder, 'config.yaml'), JSON.stringify(config));
      const program = join(folder, 'gateway.mjs');
      const node = ['/usr/bin/env', ...INSTALLED_VARIABLES, process.execPath, ...INSTALLED_FLAGS, ...nodeFlags];
      return [...node, program, '--config', join(folder, 'config.yaml')];
    },
  };
}

/** Packs the gateway once for all. */
export async function packInto(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'gateway.mjs'), await packGateway());
}

/** node:http and undici, with nothing between them. */
export function floor(nodeFlags: readonly string[] = []): Proxy {
  return {
    name: 'bare node:http + undici',
    command: ({ port, backends }) => [
      process.execPath,
      ...nodeFlags,
      join(HERE, 'floor.ts'),
      String(port),
      ...backends,
    ],
  };
}

/** Debian's nginx, one worker; `undefined` if it is not installed. */
export function nginx(): Proxy | undefined {
  if (!existsSync(NGINX)) return undefined;
  return {
    name: `nginx ${/nginx\/([\d.]+)/.exec(spawnSync(NGINX, ['-v']).stderr.toString())?.[1] ?? ''}`,
    command: ({ folder, port, backends }) => {
      const servers = backends.map((url) => `server ${url.slice('http://'.length)};`).join(' ');
      writeFileSync(
        join(folder, 'nginx.conf'),
        `daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log /dev/null; events { worker_connections 8192; }
http { access_log /dev/null; client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; keepalive_requests 1000000;
fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
upstream servers { least_conn; ${servers} keepalive 256; keepalive_requests 1000000; }
server { listen 127.0.0.1:${String(port)} backlog=4096; location / { proxy_pass http://servers; proxy_http_version 1.1; proxy_set_header connection ""; proxy_buffering off; } } }\n`,
      );
      return [NGINX, '-p', folder, '-c', join(folder, 'nginx.conf')];
    },
  };
}

/** Any other proxy, by its command with `{port}`, `{a}` and `{b}` (the servers' addresses) in it: `name=command`. */
export function peer(text: string): Proxy {
  const [name = '', ...rest] = text.split('=');
  return {
    name,
    command: ({ port, backends: [a = '', b = ''] }) =>
      rest
        .join('=')
        .split(' ')
        .map((word) => word.replaceAll('{port}', String(port)).replaceAll('{a}', a).replaceAll('{b}', b)),
  };
}

/** Starts a proxy and waits until its port is open. Its stdout goes to /dev/null, its stderr to this terminal. */
export async function start(
  proxy: Proxy,
  folder: string,
  backends: readonly string[],
  patienceMs: number = 30_000,
): Promise<Started> {
  const port = await freePort();
  const [program = '', ...rest] = proxy.command({ folder, port, backends });
  const sink = openSync('/dev/null', 'w');
  const child = spawn(program, rest, { stdio: ['ignore', sink, 'inherit'], cwd: folder });
  closeSync(sink);
  endWithUs(child);
  await opened(port, child, patienceMs);
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    const impatient = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await exited;
    clearTimeout(impatient);
  };
  return { port, pid: child.pid ?? 0, stop };
}

/** A proxy that already runs here, by its address: its process is found by its port. */
export function running(url: string): Started {
  const { port: written, protocol } = new URL(url);
  const port = written === '' ? (protocol === 'https:' ? 443 : 80) : Number(written);
  const { stdout, error } = spawnSync('ss', ['-ltnpH', `sport = :${String(port)}`], { encoding: 'utf8' });
  const pids = error === undefined ? [...stdout.matchAll(/pid=(\d+)/g)].map(([, pid]) => Number(pid)) : [];
  // Workers share the socket of the process that has started them.
  return { port, pid: pids.length === 0 ? 0 : Math.min(...pids), stop: () => Promise.resolve() };
}

/** Starts the two servers behind every proxy; `stop` ends them. */
export async function startBackends(
  ports: readonly [number, number],
): Promise<{ readonly urls: readonly string[]; stop(): void }> {
  const child = spawn(process.execPath, [join(HERE, 'backend.ts'), ...ports.map(String)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return {
    urls: (JSON.parse(line.toString()) as readonly number[]).map((port) => `http://127.0.0.1:${String(port)}`),
    stop: () => child.kill(),
  };
}

async function opened(port: number, child: ChildProcess, patienceMs: number): Promise<void> {
  for (let tries = 0; tries < patienceMs / 50; tries += 1) {
    if (child.exitCode !== null) throw new Error(`${child.spawnargs.join(' ')} ended with ${String(child.exitCode)}`);
    const socket = connect(port, '127.0.0.1');
    const open = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'close').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (open) return;
    await sleep(50);
  }
  throw new Error(`${child.spawnargs.join(' ')} does not listen on port ${String(port)}`);
}

/** A port that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
