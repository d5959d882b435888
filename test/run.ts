import { join } from 'node:path';
import { findOllamaBinary, labTestsLeftOut } from './lab/requirements.ts';
import { installClients } from './conformance/packages.ts';
import { runBare } from './run/bare.ts';
import { unpackOpenSsh } from './run/openssh.ts';
import { checkStatically } from './run/static.ts';
import { runFiles, type Pace } from './run/suite.ts';
import { addTallies, EMPTY, summaryLines, type Tally } from './run/tally.ts';
import { findTestFiles, isInRoom, isLab, isSerial } from './run/test-files.ts';

// npm test [-- PATTERN …]: everything, or the test files whose path holds one of the patterns (then without the static checks).

const ROOT = join(import.meta.dirname, '..');

/** The slowest of these takes 20 s; a machine that is three times slower is far from the limit. */
const PLAIN: Pace = { concurrency: 2, limitMs: 180_000 };
/** Hosts are booted, and an image is built once: two to three minutes, or eight on the slower machine. */
const SERIAL: Pace = { concurrency: 1, limitMs: 600_000 };

/** Beside the lab, which takes the other core. */
const BESIDE_LAB: Pace = { concurrency: 1, limitMs: 180_000 };

process.exitCode = await main(process.argv.slice(2));

async function main(patterns: readonly string[]): Promise<number> {
  const files = findTestFiles(ROOT, patterns);
  if (files.length === 0) {
    process.stderr.write(`no test file below test/ has ${patterns.join(' or ')} in its path\n`);
    return 64;
  }
  const say = (line: string): boolean => process.stdout.write(`${line}\n`);
  // Their types are checked too; without them the test fails instead of skipping.
  if (files.some((file) => file.includes('conformance'))) await installClients(say);
  if (patterns.length === 0 && !(await checkStatically(ROOT)).passed) {
    say('no test was run');
    return 1;
  }
  // There is only one lab, and the real server keeps a core busy: these run after the rest, one file of each at a time.
  const [plain, serial] = [files.filter((file) => !isSerial(file)), files.filter(isSerial)];
  const [lab, real] = [serial.filter(isLab), serial.filter((file) => !isLab(file))];
  // Where the machine may be changed, no test is left out for want of a server.
  if (labTestsLeftOut() === undefined) process.env['HXLLM_SSHD_BIN'] ??= await unpackOpenSsh(say);
  const runGroup = (group: readonly string[], pace: Pace): Promise<Tally> | Tally =>
    group.length > 0 ? runFiles(group, pace, ROOT) : EMPTY;
  let tally = await runGroup(plain, PLAIN);
  const isWhole = patterns.length === 0 && labTestsLeftOut() === undefined;
  if (isWhole)
    say('beside the lab once more with TERM=dumb LANG=C COLUMNS=40 NO_COLOR=1, no HOME and a path with a space');
  const besideLab = async (): Promise<Tally> => {
    const bare = isWhole ? plain.filter((file) => !isInRoom(file)) : [];
    const ofBare = bare.length > 0 ? await runBare(bare, BESIDE_LAB, ROOT) : EMPTY;
    return addTallies(ofBare, await runGroup(real, SERIAL));
  };
  // The lab mostly waits for its hosts, and leaves a core to the rest.
  for (const part of await Promise.all([runGroup(lab, SERIAL), besideLab()])) tally = addTallies(tally, part);
  const leftOut = leftOutLines(files, patterns);
  process.stdout.write(`\n${[...leftOut, ...summaryLines(tally)].join('\n')}\n`);
  return tally.success && tally.tests > 0 ? 0 : 1;
}

/** The tests that were left out, and how to run them; they count as skipped. */
function leftOutLines(files: readonly string[], patterns: readonly string[]): readonly string[] {
  const lab = files.some((file) => file.startsWith('test/lab/')) ? labTestsLeftOut() : undefined;
  const real = files.some((file) => file.startsWith('test/real/')) && findOllamaBinary() === undefined;
  return [
    ...(lab === undefined ? [] : [`LEFT OUT: the tests against real hosts (${lab})`]),
    ...(lab === undefined || patterns.length > 0
      ? []
      : ['LEFT OUT: the second run, in a bare environment (with the lab)']),
    ...(real
      ? [
          'LEFT OUT: the tests against the real Ollama (there is no ollama here; HXLLM_OLLAMA_BIN=/path/to/ollama npm test runs them)',
        ]
      : []),
  ];
}
