import { readOptions, type Options } from './options.ts';
import { runTasks } from './pool.ts';
import type { Task } from './run.ts';
import { meansOf, pairLines, tableLines } from './table.ts';

// node test/fleet/main.ts [--strategy NAME | --pair NAME NAME] [--only REGEX] [--seeds 1,2,3] [--jobs 2] [--slots true|none|NUMBER]
// [--true-slots NUMBER] [--without IDEA] [--json]: simulates the workloads and prints their scores.

let options: Options | undefined;
try {
  options = readOptions(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 64;
}
if (options !== undefined) await main(options);

async function main({ strategies, workloads, seeds, jobs, slots, trueSlots, without, json }: Options): Promise<void> {
  const startMs = performance.now();
  const tasks = strategies.flatMap((strategy) =>
    workloads.flatMap(({ name }) =>
      seeds.map((seed): Task => ({ workload: name, seed, strategy, slots, trueSlots, without })),
    ),
  );
  let ended = 0;
  const results = await runTasks(tasks, jobs, ({ workload, seed }) => {
    ended += 1;
    if (process.stderr.isTTY)
      process.stderr.write(`\r\u001B[K${String(ended)} of ${String(tasks.length)}: ${workload} ${String(seed)}`);
  });
  if (process.stderr.isTTY) process.stderr.write('\r\u001B[K');
  const [first, second] = strategies.map((_strategy, index) =>
    results.slice((index * tasks.length) / strategies.length, ((index + 1) * tasks.length) / strategies.length),
  );
  const lines = json
    ? [
        JSON.stringify({
          results,
          means: strategies.map((_strategy, index) => meansOf(workloads, [first, second][index] ?? [])),
        }),
      ]
    : first === undefined
      ? []
      : second === undefined
        ? tableLines(meansOf(workloads, first))
        : pairLines(workloads, first, second);
  process.stdout.write(`${lines.join('\n')}\n`);
  process.stderr.write(
    `${String(tasks.length)} simulations in ${((performance.now() - startMs) / 1000).toFixed(1)} s\n`,
  );
}
