import { Random } from '../../src/simulation/random.ts';
import { mostMet } from './most-met.ts';
import { readOptions } from './options.ts';
import { runTask } from './run.ts';

// node test/fleet/bounds.ts [--only REGEX] [--seeds 1,2,3]: the target met by `fleet` beside the bound of any policy.

const { workloads, seeds, strategies, slots, trueSlots } = readOptions(process.argv.slice(2));
process.stdout.write('| workload | met % | bound % | of the bound % |\n|---|--:|--:|--:|\n');
for (const { name, scenario } of workloads) {
  let [met, bound] = [0, 0];
  for (const seed of seeds) {
    const [strategy] = strategies;
    met += runTask({ workload: name, seed, strategy, slots, trueSlots }).score.met / seeds.length;
    bound += mostMet(scenario(new Random(seed, name))) / seeds.length;
  }
  process.stdout.write(`| ${name} | ${met.toFixed(1)} | ${bound.toFixed(1)} | ${((100 * met) / bound).toFixed(1)} |\n`);
}
