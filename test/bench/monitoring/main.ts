import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startSim } from '../../../src/sim/server.ts';
import { quietPort } from '../../port.ts';
import { until } from '../../until.ts';

const USAGE = `node test/bench/monitoring/main.ts --prometheus FILE [--seconds 90]

A real Prometheus scrapes a real gateway in front of two simulated servers, with keys, limits, a fallback and a server that is away.
Each query of the board and of its variables is asked then; the exit code is 1 if one has no data.
Without it installed: apt-get download prometheus && dpkg-deb -x prometheus_*.deb root; FILE is root/usr/bin/prometheus.
`;
const ROOT = join(import.meta.dirname, '../../..');
const KEY = 'sk-of-this-run-alone';
// Three models on two servers that hold one each: loads never end.
const MODELS = { phi3: 'phi3:3.8b', llama3: 'llama3:8b', mistral: 'mistral:7b' };

process.exitCode = await main();

async function main(): Promise<number> {
  const { prometheus, seconds = '90' } = parseArgs({
    options: { prometheus: { type: 'string' }, seconds: { type: 'string' } },
  }).values;
  if (prometheus === undefined) {
    process.stderr.write(USAGE);
    return 64;
  }
  const folder = mkdtempSync(join(tmpdir(), 'hxllm-monitoring-'));
  const children: ChildProcess[] = [];
  const start = (program: string, args: readonly string[]): void => {
    children.push(spawn(program, args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] }));
  };
  const sims = await Promise.all(
    [1, 2].map(() =>
      startSim({
        port: 0,
        tokenMs: 5,
        numParallel: 2,
        loadMs: 2500,
        maxLoadedModels: 1,
        models: Object.values(MODELS),
      }),
    ),
  );
  try {
    const [gatewayPort, prometheusPort, away] = [await quietPort(), await quietPort(), await quietPort()];
    const gateway = `http://127.0.0.1:${String(gatewayPort)}`;
    const store = `http://127.0.0.1:${String(prometheusPort)}`;
    writeFileSync(
      join(folder, 'config.yaml'),
      JSON.stringify(
        configOf(
          sims.map(({ url }) => url),
          `http://127.0.0.1:${String(away)}`,
          folder,
        ),
      ),
    );
    writeFileSync(join(folder, 'key'), KEY);
    writeFileSync(join(folder, 'prometheus.yml'), prometheusYml(gatewayPort));
    start(process.execPath, [
      join(ROOT, 'bin/hxllm.js'),
      'gateway',
      '--config',
      'config.yaml',
      '--port',
      String(gatewayPort),
    ]);
    start(prometheus, [
      '--config.file=prometheus.yml',
      `--web.listen-address=127.0.0.1:${String(prometheusPort)}`,
      '--log.level=error',
    ]);
    await until('the gateway answers', () => isUp(`${gateway}/health/readiness`), 60_000);
    await until('Prometheus answers', () => isUp(`${store}/-/ready`), 60_000);
    await load(gateway, Number(seconds) * 1000);
    return await judge(store);
  } finally {
    for (const child of children) {
      if (child.exitCode !== null) continue;
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    await Promise.all(sims.map((sim) => sim.close()));
    rmSync(folder, { recursive: true });
  }
}

function configOf(urls: readonly string[], away: string, folder: string): object {
  const entry = (model_name: string, model: string, api_base: string): object => ({
    model_name,
    litellm_params: { model: `ollama_chat/${model}`, api_base },
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

function prometheusYml(port: number): string {
  return `rule_files: ['${join(ROOT, 'templates/prometheus/alerts.yml')}']
scrape_configs:
  - job_name: hxllm
    scrape_interval: 1s
    authorization: { credentials_file: key }
    static_configs: [{ targets: ['127.0.0.1:${String(port)}'] }]
`;
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
  const make = async (body: object): Promise<string> => {
    // The gateway answers with the text of the key.
    const made = (await post('/key/generate', body)) as { readonly key: string };
    return made.key;
  };
  await post('/team/new', { team_id: 'research', team_alias: 'research', token_budget: 1_000_000 });
  const keys = [
    KEY,
    await make({ key_alias: 'open-webui', team_id: 'research' }),
    await make({ key_alias: 'limited', rpm_limit: 5, max_parallel_requests: 2 }),
  ];
  const endMs = performance.now() + forMs;
  const client = async (number: number): Promise<void> => {
    for (let turn = number; performance.now() < endMs; turn += 1) {
      const model = ['phi3', 'llama3', 'mistral', 'away'][turn % 4];
      const messages = [{ role: 'user', content: `Question ${String(turn)} of ${String(number)}` }];
      await post(
        '/v1/chat/completions',
        { model, messages, max_tokens: 24, stream: turn % 2 === 0 },
        keys[turn % keys.length],
      );
    }
  };
  await Promise.all([0, 1, 2, 3, 4, 5].map(client));
}

/** Asks every query, and prints the number of its series. */
async function judge(store: string): Promise<number> {
  const { panels, templating } = readBoard();
  let [asked, empty] = [0, 0];
  const tell = (name: string, query: string, series: number): void => {
    asked += 1;
    if (series === 0) empty += 1;
    process.stdout.write(
      `${series === 0 ? '✗' : '✓'} ${String(series).padStart(3)} series  ${name}  ${series === 0 ? query : ''}\n`,
    );
  };
  for (const { title, targets = [] } of panels)
    for (const { expr } of targets) {
      const query = expr.replaceAll('$__rate_interval', '30s').replaceAll(/"\$\w+"/g, '".*"');
      tell(title, query, await seriesOf(store, query));
    }
  for (const { name, query } of templating.list) {
    const selector = typeof query === 'string' ? undefined : /^label_values\((.+), \w+\)$/.exec(query.query)?.[1];
    if (selector !== undefined)
      tell(`variable ${name}`, selector, await seriesOf(store, selector.replaceAll(/"\$\w+"/g, '".*"')));
  }
  process.stdout.write(`${String(asked)} queries, ${String(empty)} without data\n`);
  return empty === 0 && asked > 0 ? 0 : 1;
}

interface Board {
  readonly panels: readonly { readonly title: string; readonly targets?: readonly { readonly expr: string }[] }[];
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly query: string | { readonly query: string } }[];
  };
}

function readBoard(): Board {
  // Its shape is tested in test/templates.
  return JSON.parse(readFileSync(join(ROOT, 'templates/grafana/hxllm.json'), 'utf8')) as Board;
}

async function seriesOf(store: string, query: string): Promise<number> {
  const end = Date.now() / 1000;
  const range = new URLSearchParams({ query, start: String(end - 60), end: String(end), step: '5' });
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
