import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSim } from '../../src/sim/server.ts';
import { quietPort } from '../port.ts';
import { until } from '../until.ts';

const ROOT = join(import.meta.dirname, '../..');
const HXLLM = join(ROOT, 'bin/hxllm.js');
const KEY = 'sk-of-this-run-alone';
// Three models on two servers that hold one each: loads never end.
const MODELS = { phi3: 'phi3:3.8b', llama3: 'llama3:8b', mistral: 'mistral:7b' };
const CLIENTS = 6;

/** A real gateway with keys, limits, budgets and usage before two simulated servers and one that is away, scraped by a real Prometheus. */
export interface Monitored {
  /** Lets clients ask for so long, by keys with and without limits. */
  readonly load: (ms: number) => Promise<void>;
  readonly metrics: () => Promise<string>;
  /** Series of a query with a value in the last minute. */
  readonly seriesOf: (query: string) => Promise<number>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts one. Rules and the configuration of Prometheus are those that the manual prints, but for addresses, the interval and the file of the key. */
export async function startMonitored(prometheus: string): Promise<Monitored> {
  const folder = mkdtempSync(join(tmpdir(), 'hxllm-monitored-'));
  const children: ChildProcess[] = [];
  const start = (program: string, args: readonly string[]): ChildProcess => {
    const child = spawn(program, args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
    children.push(child);
    return child;
  };
  const sim = { port: 0, tokenMs: 5, numParallel: 2, loadMs: 2500, maxLoadedModels: 1, models: Object.values(MODELS) };
  const sims = await Promise.all([startSim(sim), startSim(sim)]);
  const dispose = async (): Promise<void> => {
    for (const child of children) {
      if (child.exitCode !== null) continue;
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    await Promise.all(sims.map((each) => each.close()));
    rmSync(folder, { recursive: true });
  };
  try {
    const [port, storePort, away] = [await quietPort(), await quietPort(), await quietPort()];
    const [gateway, store] = [urlOf(port), urlOf(storePort)];
    const urls = sims.map(({ url }) => url);
    writeFileSync(join(folder, 'config.yaml'), JSON.stringify(configOf(urls, urlOf(away), folder)));
    writeFileSync(join(folder, 'hxllm.key'), KEY);
    writeFileSync(join(folder, 'prometheus.yml'), printedConfig(port));
    await once(start(process.execPath, [HXLLM, 'templates', '--write', 'monitoring']), 'exit');
    start(process.execPath, [HXLLM, 'gateway', '--config', 'config.yaml', '--port', String(port)]);
    const address = `--web.listen-address=127.0.0.1:${String(storePort)}`;
    start(prometheus, ['--config.file=prometheus.yml', address, '--log.level=error']);
    await until('the gateway answers', () => isUp(`${gateway}/health/readiness`), 60_000);
    await until('Prometheus answers', () => isUp(`${store}/-/ready`), 60_000);
    const metrics = async (): Promise<string> =>
      (await fetch(`${gateway}/metrics`, { headers: { authorization: `Bearer ${KEY}` } })).text();
    return {
      load: (ms) => load(gateway, ms),
      metrics,
      seriesOf: (query) => seriesOf(store, query),
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

function configOf(urls: readonly string[], away: string, folder: string): object {
  const entry = (model_name: string, model: string, api_base: string): object => ({
    model_name,
    litellm_params: { model: `ollama_chat/${model}`, api_base },
    model_info: { output_cost_per_token: 0.001 },
  });
  return {
    model_list: [
      ...urls.flatMap((url) => Object.entries(MODELS).map(([alias, model]) => entry(alias, model, url))),
      entry('away', MODELS.phi3, away),
    ],
    router_settings: { fallbacks: [{ away: ['phi3'] }] },
    general_settings: { master_key: KEY },
    hxllm: { state_dir: folder },
  };
}

/** The manual's `prometheus.yml`. */
function printedConfig(port: number): string {
  const page = readFileSync(join(ROOT, 'src/docs/observability.md'), 'utf8');
  const text = /## Prometheus and Grafana\n[^]*?```yaml\n([^]*?)```/.exec(page)?.[1] ?? '';
  const here: readonly (readonly [printed: string, here: string])[] = [
    ['scrape_interval: 15s', 'scrape_interval: 1s'],
    ['/etc/prometheus/hxllm.key', 'hxllm.key'],
    ['hx-api-server.dev-test.hana-x.ai:4000', `127.0.0.1:${String(port)}`],
  ];
  for (const [printed] of here) if (!text.includes(printed)) throw new Error(`the manual has no ${printed}`);
  return here.reduce((all, [printed, mine]) => all.replace(printed, mine), text);
}

function urlOf(port: number): string {
  return `http://127.0.0.1:${String(port)}`;
}

function isUp(url: string): Promise<boolean> {
  return fetch(url).then(
    ({ status }) => status === 200,
    () => false,
  );
}

async function load(gateway: string, forMs: number): Promise<void> {
  const post = async (path: string, body: object, key = KEY): Promise<unknown> => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const answer = await fetch(`${gateway}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    const text = await answer.text();
    return text.startsWith('{') ? (JSON.parse(text) as unknown) : undefined;
  };
  // The gateway answers with the text of the key.
  const make = async (body: object): Promise<string> =>
    ((await post('/key/generate', body)) as { readonly key: string }).key;
  await post('/team/new', { team_id: 'research', team_alias: 'research', token_budget: 1_000_000 });
  const keys = [
    KEY,
    await make({ key_alias: 'open-webui', team_id: 'research', max_budget: 100 }),
    await make({ key_alias: 'limited', rpm_limit: 5, tpm_limit: 5000, max_parallel_requests: 2 }),
  ];
  const endMs = performance.now() + forMs;
  const client = async (number: number): Promise<void> => {
    for (let turn = number; performance.now() < endMs; turn += 1) {
      const model = ['phi3', 'llama3', 'mistral', 'away'][turn % 4];
      const messages = [{ role: 'user', content: `Question ${String(turn)} of ${String(number)}` }];
      const body = { model, messages, max_tokens: 24, stream: turn % 2 === 0 };
      await post('/v1/chat/completions', body, keys[turn % keys.length]);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, (_, number) => client(number)));
}

async function seriesOf(store: string, query: string): Promise<number> {
  const end = Date.now() / 1000;
  const range = new URLSearchParams({ query, start: String(end - 60), end: String(end), step: '1' });
  const answer = await fetch(`${store}/api/v1/query_range?${range.toString()}`);
  // The form of Prometheus' API.
  const body = (await answer.json()) as {
    readonly error?: string;
    readonly data?: { readonly result: readonly { readonly values: readonly (readonly [number, string])[] }[] };
  };
  if (body.data === undefined) throw new Error(`${query}: ${body.error ?? String(answer.status)}`);
  // A quotient of nothing is NaN, which a panel does not draw.
  return body.data.result.filter(({ values }) => values.some(([, value]) => value !== 'NaN')).length;
}
