import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir, release } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startFake } from '../../gateway/fake-upstream.ts';
import { anyAnswer } from '../../gateway/fuzz/any-answer.ts';
import { attribute } from './attribution.ts';
import { delays, startTarget } from './attacks.ts';
import { measureDecisions } from './decisions.ts';
import { fuzz, measureStreams, soak } from './endurance.ts';
import { measureConfigs } from './large-config.ts';
import { measureKeyCost, measureStreamCost } from './key-cost.ts';
import { measure, type Measure } from './measure.ts';
import { floor, hxllm, nginx, packInto, peer, running, start, startBackends, type Proxy } from './proxy.ts';
import { measureRowCost } from './row-cost.ts';
import { measureStoredUsage } from './stored-usage.ts';
import { table } from './table.ts';

const USAGE = `npm run bench:gateway [-- OPTIONS]          what each proxy costs, as a table
npm run bench:gateway -- attribution        where hxllm's µs above the bare floor go [--by part|file|function]
npm run bench:gateway -- memory             2,000 slow streams at once [--streams N]
npm run bench:gateway -- soak               200,000 requests of mixed kinds: does memory grow? [--requests N]
npm run bench:gateway -- fuzz               20,000 malformed requests [--requests N]
npm run bench:gateway -- attacks            how long large hostile requests delay a small one
npm run bench:gateway -- configs            starts and reloads of large files
npm run bench:gateway -- decisions          what a decision of routing costs, with 10,000 requests waiting
npm run bench:gateway -- usage              100,000 keys and 5 million rows: starts, calls, removal [--keys N] [--rows N]
npm run bench:gateway -- keys               what a key with limits, a budget and usage costs [--rounds N]; of each chunk: --streams 50
npm run bench:gateway -- rows               what a row of usage costs the thread of the store [--rounds N]

  --rounds N          rounds, of which medians are shown (5)
  --seconds N         length of each measurement (5)
  --connections N     of the load of short requests (32)
  --rate N            requests a second of the even load (3000): at full load a proxy that is faster than what is around it
                      finds everybody awake, and pays less for each packet
  --streams N         open streams (100)
  --gap MS            between two chunks of a stream (20)
  --only A,B          only proxies whose name begins so (hxllm, bare, nginx …); attacks: only requests whose name has this text
  --peer NAME=COMMAND another proxy, started by a command with {port}, {a} and {b} (addresses of the servers) in it
  --peer-url URL      another proxy, which runs here already; start the servers on known ports for it:
  --seed N            of soak and fuzz (1)
  --state DIR         usage: makes the store there, keeps it, and uses it again
  --backends A,B      ports of the two servers (any free ones)
`;

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  const text = { type: 'string' } as const;
  const options = {
    rounds: text,
    seconds: text,
    connections: text,
    rate: text,
    streams: text,
    gap: text,
    only: text,
    peer: { type: 'string', multiple: true },
    'peer-url': { type: 'string', multiple: true },
    backends: text,
    by: text,
    requests: text,
    seed: text,
    keys: text,
    rows: text,
    state: text,
    help: { type: 'boolean' },
  } as const;
  const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals: true });
  if (values.help === true) {
    process.stdout.write(USAGE);
    return 0;
  }
  const effort = {
    seconds: Number(values.seconds ?? 5),
    connections: Number(values.connections ?? 32),
    rate: Number(values.rate ?? 3000),
    streams: Number(values.streams ?? 100),
    gapMs: Number(values.gap ?? 20),
  };
  const [a = 0, b = 0] = (values.backends ?? '').split(',').map(Number);
  const folder = mkdtempSync(join(tmpdir(), 'hxllm-bench-'));
  const backends = await startBackends([a, b]);
  try {
    await packInto(folder);
    process.stdout.write(
      `${new Date().toISOString().slice(0, 10)}, ${String(cpus().length)} cores (${cpus()[0]?.model ?? ''}), Linux ${release()}, node ${process.version}\n\n`,
    );
    if (positionals[0] === 'attribution') {
      process.stdout.write(
        await attribute(
          folder,
          backends.urls,
          effort,
          values.by === 'file' || values.by === 'function' ? values.by : 'part',
        ),
      );
      return 0;
    }
    const [task] = positionals;
    if (task === 'decisions') {
      process.stdout.write(
        measureDecisions(
          (['reading', 'full'] as const).flatMap((state) =>
            [
              ...(state === 'reading' ? [{ servers: 64, aliases: 8, waiting: 0 }] : []),
              { servers: 64, aliases: 8, waiting: 10_000 },
              { servers: 512, aliases: 8, waiting: 10_000 },
              { servers: 64, aliases: 100, waiting: 10_000 },
            ].map((size) => ({ ...size, state })),
          ),
        ),
      );
      return 0;
    }
    if (task === 'usage') {
      const rows = Number(values.rows ?? 5_000_000);
      const size = { keys: Number(values.keys ?? 100_000), rows, oldRows: Math.ceil(rows / 20) };
      process.stdout.write(await measureStoredUsage(folder, backends.urls, size, values.state));
      return 0;
    }
    if (task === 'keys') {
      const slices = Number(values.rounds ?? 80);
      const measured =
        values.streams === undefined
          ? measureKeyCost(folder, backends.urls, slices)
          : measureStreamCost(folder, backends.urls, { streams: Number(values.streams), slices });
      process.stdout.write(await measured);
      return 0;
    }
    if (task === 'rows') {
      process.stdout.write(measureRowCost(folder, Number(values.rounds ?? 40)));
      return 0;
    }
    if (task === 'configs') {
      process.stdout.write(await measureConfigs());
      return 0;
    }
    if (task !== undefined) {
      const seed = Number(values.seed ?? 1);
      // A fuzzed request that is valid deserves its response.
      await using fake = await startFake(anyAnswer);
      const target = task === 'attacks' ? await startTarget() : undefined;
      const urls = task === 'fuzz' ? [fake.url] : target === undefined ? backends.urls : [target.url];
      const flags = task === 'attacks' ? ['--import', join(import.meta.dirname, 'turns.ts')] : [];
      const ours = await start(hxllm('ollama_chat', flags), folder, urls);
      try {
        if (task === 'memory') process.stdout.write(await measureStreams(ours, Number(values.streams ?? 2000)));
        else if (task === 'soak') process.stdout.write(await soak(ours, Number(values.requests ?? 200_000), seed));
        else if (task === 'fuzz') process.stdout.write(await fuzz(ours, Number(values.requests ?? 20_000), seed));
        else if (task === 'attacks') process.stdout.write(await delays(ours, folder, values.only));
        else process.stderr.write(USAGE);
      } finally {
        target?.stop();
        await ours.stop();
      }
      return 0;
    }
    const front = nginx();
    if (front === undefined) process.stderr.write('nginx is not here (apt-get install nginx-light): left out\n');
    const proxies = [
      floor(),
      hxllm('ollama_chat'),
      hxllm('openai'),
      ...(front === undefined ? [] : [front]),
      ...(values.peer ?? []).map(peer),
    ];
    const chosen = proxies.filter(
      ({ name }) => values.only === undefined || values.only.split(',').some((word) => name.startsWith(word)),
    );
    const rows = [...chosen, ...(values['peer-url'] ?? [])].map((proxy) => ({
      proxy,
      name: typeof proxy === 'string' ? proxy : proxy.name,
      rounds: [] as Measure[],
    }));
    for (let round = 1; round <= Number(values.rounds ?? 5); round += 1) {
      // Each proxy is alone on the machine while it is measured, and all take turns: a change of the machine affects all alike.
      for (const { proxy, name, rounds } of rows) {
        const one = await measureOnce(proxy, folder, backends.urls, effort);
        rounds.push(one);
        process.stderr.write(
          `round ${String(round)}: ${name}: ${one.requestUs.toFixed(0)} µs a request, ${one.chunkUs.toFixed(1)} µs a chunk\n`,
        );
      }
    }
    process.stdout.write(table(rows, floor().name));
    return rows.some(({ rounds }) => rounds.some(({ failures }) => failures > 0)) ? 1 : 0;
  } finally {
    backends.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureOnce(
  proxy: Proxy | string,
  folder: string,
  backends: readonly string[],
  effort: Parameters<typeof measure>[1],
): Promise<Measure> {
  const started = typeof proxy === 'string' ? running(proxy) : await start(proxy, folder, backends);
  try {
    return await measure(started, effort);
  } finally {
    await started.stop();
  }
}
