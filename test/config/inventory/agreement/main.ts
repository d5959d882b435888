import { agree, ansibleAt, askAnsible, differencesIn, oursOf, type AnsibleAnswer } from './compare.ts';
import { digestOf, generateCases, readCorpus, SEEDS, writeCorpus } from './corpus.ts';
import { KNOWN_DIFFERENCES } from './known.ts';

const USAGE = `node test/config/inventory/agreement/main.ts live [--count N] PROGRAM…   compares hxllm with each ansible-inventory
node test/config/inventory/agreement/main.ts record PROGRAM…             records what they list, for the tests`;

/** Lists every case with an Ansible, and shows how far it is. */
async function answersOf(
  program: string,
  count: number,
): Promise<readonly [string, ReadonlyMap<number, AnsibleAnswer>]> {
  const { python, version } = ansibleAt(program);
  const answers = new Map<number, AnsibleAnswer>();
  await askAnsible(python, generateCases(count), (answer) => {
    answers.set(answer.seed, answer);
    if (answers.size % 50 === 0)
      process.stderr.write(`ansible-core ${version}: ${String(answers.size)} of ${String(count)}\n`);
  });
  return [version, answers];
}

async function live(programs: readonly string[], count: number): Promise<number> {
  let failed = false;
  for (const program of programs) {
    let wrong = 0;
    const [version, answers] = await answersOf(program, count);
    let same = 0;
    for (const one of generateCases(count)) {
      const theirs = answers.get(one.seed)?.listing;
      const ours = await oursOf(one, version);
      if (agree(ours, theirs)) same += 1;
      else {
        const reason = KNOWN_DIFFERENCES[one.seed];
        if (reason === undefined) wrong += 1;
        process.stdout.write(`seed ${String(one.seed)}: ${reason ?? 'DIFFERS'}\n`);
        for (const line of differencesIn(ours, theirs).slice(0, 6)) process.stdout.write(`  ${line}\n`);
      }
    }
    failed ||= wrong > 0;
    process.stdout.write(
      `ansible-core ${version}: ${String(same)} of ${String(count)} agree, ${String(wrong)} differ without a known reason\n`,
    );
  }
  return failed ? 1 : 0;
}

async function record(programs: readonly string[]): Promise<number> {
  const before = new Map(readCorpus().map((one) => [one.seed, one]));
  const cases = generateCases();
  const listings = new Map<number, Record<string, unknown>>();
  for (const one of cases) {
    const known = before.get(one.seed);
    listings.set(one.seed, known?.digest === digestOf(one) ? { ...known.listings } : {});
  }
  for (const program of programs) {
    const [version, answers] = await answersOf(program, SEEDS);
    for (const [seed, { listing }] of answers) Object.assign(listings.get(seed) ?? {}, { [version]: listing });
  }
  writeCorpus(cases.map((one) => ({ seed: one.seed, digest: digestOf(one), listings: listings.get(one.seed) ?? {} })));
  return 0;
}

const [command, ...rest] = process.argv.slice(2);
const counted = rest[0] === '--count';
const programs = counted ? rest.slice(2) : rest;
if (programs.length === 0 || (command !== 'live' && command !== 'record')) {
  process.stderr.write(`${USAGE}\n`);
  process.exitCode = 64;
} else
  process.exitCode =
    command === 'live' ? await live(programs, counted ? Number(rest[1]) : SEEDS) : await record(programs);
