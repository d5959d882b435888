import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { productPolicy } from '../../fleet/policies.ts';
import { Random } from '../../../src/simulation/random.ts';
import type { Scenario } from '../../../src/simulation/scenario.ts';
import type { Workload } from '../../fleet/workload/workload.ts';
import { simulate } from '../../../src/simulation/simulation.ts';
import { cpuUs, processTree } from '../gateway/process-cost.ts';
import { packInto, running, start, type Started } from '../gateway/proxy.ts';
import { assertAnswers } from './answers.ts';
import { hxllm, litellm, nginx, type Gateway } from './gateways.ts';
import { Lane } from './lane.ts';
import { judgeLoads } from './loads.ts';
import { watchMachine, type Rest } from './machine.ts';
import { readOptions, USAGE, type Options } from './options.ts';
import { outcomeOf, type Outcome } from './outcome.ts';
import { disagreements, meansTable, workloadTable, type WorkloadResult } from './report.ts';
import { Servers } from './servers.ts';

// npm run bench:fleet [-- OPTIONS]: the requests of a workload at real time, to each gateway in front of its own simulated servers.

/** Time in which gateways find their servers before the first request, ms. */
const SETTLE_MS = 4000;
/** LiteLLM starts slowly beside others, ms. */
const START_MS = 120_000;
/** Ports between the servers of two gateways that others started. */
const PORTS = 10;

/** A gateway of the bench, or one that runs already. */
type Entrant = Gateway | { readonly name: string; readonly url: string; readonly firstPort: number };

let options: Options | 'help' | undefined;
try {
  options = readOptions(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 64;
}
if (options === 'help') process.stdout.write(USAGE);
else if (options !== undefined)
  try {
    await main(options);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }

async function main(given: Options): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'hxllm-fleet-'));
  process.on('exit', () => {
    rmSync(folder, { recursive: true, force: true });
  });
  await packInto(folder);
  process.stdout.write(
    `${new Date().toISOString().slice(0, 10)}, ${String(cpus().length)} cores (${cpus()[0]?.model ?? ''}), Linux ${release()}, node ${process.version}, seed ${String(given.seed)}\n\n`,
  );
  const results: WorkloadResult[] = [];
  for (const workload of given.workloads) {
    const result = await runWorkload(workload, given, folder);
    results.push(result);
    process.stdout.write(`${workloadTable(result)}\n`);
  }
  process.stdout.write(`${meansTable(results)}\n`);
  const found = disagreements(results);
  process.stdout.write(
    results.every(({ simulated }) => simulated.size === 0)
      ? 'Nothing was simulated: only the strategies of hxllm are.\n'
      : found.length === 0
        ? 'The simulation agrees: means within 1.5 points, workloads within 3 or twice the standard error.\n'
        : `The simulation disagrees:\n${found.map((line) => `- ${line}\n`).join('')}`,
  );
}

function entrantsOf(
  { strategies, peers, litellm: program, gateways, firstPort, trace }: Options,
  workload: string,
): readonly Entrant[] {
  const traces = trace === undefined ? undefined : join(trace, workload);
  if (traces !== undefined) mkdirSync(traces, { recursive: true });
  const ours = strategies.map((strategy) => hxllm(strategy, traces));
  const fronts = peers.includes('nginx') ? [nginx('least_conn'), nginx('round robin')] : [];
  if (fronts.includes(undefined))
    process.stderr.write('nginx is not installed (apt-get install nginx-light): left out\n');
  const other =
    peers.includes('litellm') && program !== undefined
      ? ['least-busy', 'simple-shuffle'].map((one) => litellm(program, one))
      : [];
  return [
    ...ours,
    ...fronts.flatMap((front) => front ?? []),
    ...other,
    ...gateways.map((one, index) => ({ ...one, firstPort: firstPort + PORTS * index })),
  ];
}

async function runWorkload(workload: Workload, given: Options, folder: string): Promise<WorkloadResult> {
  const scenario = workload.scenario(new Random(given.seed, workload.name));
  const entrants = entrantsOf(given, workload.name);
  const outcomes: Outcome[] = [];
  const rests: Rest[] = [];
  for (let first = 0; first < entrants.length; first += given.atOnce) {
    const group = entrants.slice(first, first + given.atOnce);
    process.stderr.write(`${workload.name}: ${group.map(({ name }) => name).join(', ')}\n`);
    const { rest, results } = await runGroup(
      group,
      scenario,
      folder,
      given.json === undefined ? undefined : { file: given.json, workload: workload.name },
    );
    rests.push(rest);
    outcomes.push(...results);
  }
  const simulated = new Map<string, Outcome>(
    given.strategies.map((strategy) => {
      const policy = productPolicy(strategy, new Random(given.seed, 'policy'));
      return [strategy, outcomeOf(strategy, simulate(scenario, policy))];
    }),
  );
  return {
    name: workload.name,
    about: workload.about,
    outcomes,
    simulated,
    delayP99Ms: Math.max(...rests.map(({ delayP99Ms }) => delayP99Ms)),
    delayMaxMs: Math.max(...rests.map(({ delayMaxMs }) => delayMaxMs)),
    idle: Math.min(...rests.map(({ idle }) => idle)),
  };
}

/** Sends the requests to all of these gateways at the same time. */
async function runGroup(
  group: readonly Entrant[],
  scenario: Scenario,
  folder: string,
  dump: { readonly file: string; readonly workload: string } | undefined,
): Promise<{ readonly rest: Rest; readonly results: readonly Outcome[] }> {
  const fleets: Servers[] = [];
  const started: Started[] = [];
  try {
    for (const entrant of group)
      fleets.push(await Servers.start(scenario, 'url' in entrant ? entrant.firstPort : undefined));
    const starts = group.map(async (entrant, index) => {
      if ('url' in entrant) return running(entrant.url);
      const own = join(folder, String(index));
      mkdirSync(own, { recursive: true });
      const urls = fleets[index]?.urls ?? [];
      const named = {
        name: entrant.name,
        command: (place: Parameters<Gateway['command']>[0]) => entrant.command(place, scenario),
      };
      const one = await start(named, own, urls, START_MS);
      started.push(one);
      return one;
    });
    const gateways = await Promise.all(starts);
    await sleep(SETTLE_MS);
    for (const [index, entrant] of group.entries())
      if ('url' in entrant) await assertAnswers(entrant.name, entrant.url, fleets[index]?.urls ?? []);
    const startMs = performance.now() + 500;
    const lanes = group.map((entrant, index) => {
      const { port } = gateways[index] ?? { port: 0 };
      const url = 'url' in entrant ? entrant.url : `http://127.0.0.1:${String(port)}`;
      const servers = fleets[index];
      if (servers === undefined) throw new Error('no servers');
      return new Lane(scenario, url, servers, startMs);
    });
    const trees = gateways.map(({ pid }) => processTree(pid));
    const before = trees.map(cpuUs);
    const rest = watchMachine();
    await Promise.all(lanes.map(async (lane) => lane.run()));
    const seen = rest();
    const after = trees.map(cpuUs);
    const slots = scenario.servers[0]?.slots ?? 1;
    const results = await Promise.all(
      group.map(async ({ name }, index) => {
        const [lane, servers] = [lanes[index], fleets[index]];
        if (lane === undefined || servers === undefined) throw new Error('no lane');
        const loads = judgeLoads(await servers.journals(), lane.open, slots);
        if (dump !== undefined)
          writeFileSync(
            dump.file,
            `${JSON.stringify({ workload: dump.workload, gateway: name, records: lane.records, loads })}\n`,
            { flag: 'a' },
          );
        const isSeen = (gateways[index]?.pid ?? 0) > 0;
        const cpuS = isSeen ? ((after[index] ?? 0) - (before[index] ?? 0)) / 1e6 : undefined;
        return outcomeOf(name, { records: lane.records, loads }, cpuS);
      }),
    );
    return { rest: seen, results };
  } finally {
    await Promise.all(started.map(async (one) => one.stop()));
    await Promise.all(fleets.map(async (servers) => servers.stop()));
  }
}
