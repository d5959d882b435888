import { basename, join } from 'node:path';
import { findOllamaBinary, labTestsLeftOut } from './lab/requirements.ts';
import { CHROMIUM, CHROMIUM_LEFT_OUT } from './evidence/report/browser.ts';
import { installClients } from './conformance/packages.ts';
import { BARE_IN_WORDS, runBare } from './run/bare.ts';
import { withCompileCache } from './run/compile-cache.ts';
import { roomBeside } from './run/idle.ts';
import { runLabFiles, sortLabFiles } from './run/lab-lanes.ts';
import { withMemoryFolder } from './run/memory-folder.ts';
import { unpackOpenSsh } from './run/openssh.ts';
import { findPromtool, PROMTOOL_LEFT_OUT, unpackPromtool } from './run/prometheus.ts';
import { findKerberos, KERBEROS_LEFT_OUT, unpackKerberos } from './run/kerberos.ts';
import { checkStatically } from './run/static.ts';
import { runFiles, type Pace } from './run/suite.ts';
import { addTallies, EMPTY, summaryLines, type Tally } from './run/tally.ts';
import { createTimes } from './run/times.ts';
import { findTestFiles, isLab, isPatient, isSerial, isStatic, shareOf, type Run } from './run/test-files.ts';

// npm test [-- PATTERN …]: everything, or the test files whose path holds one of the patterns (then without the static checks).

const ROOT = join(import.meta.dirname, '..');

/** The slowest of these takes 30 s; a machine that is three times slower, and busy with two labs, is far from the limit. */
const PLAIN: Pace = { concurrency: 2, limitMs: 300_000 };
/** Hosts are booted, and an image is built once: two to three minutes, or twelve on a busy machine. */
const SERIAL: Pace = { concurrency: 1, limitMs: 1_500_000 };

process.exitCode = await main(process.argv.slice(2));

async function main(patterns: readonly string[]): Promise<number> {
  const startedMs = performance.now();
  const found = findTestFiles(ROOT, patterns);
  if (found.length === 0) {
    process.stderr.write(`no test file below test/ has ${patterns.join(' or ')} in its path\n`);
    return 64;
  }
  const run = kindOfRun(patterns);
  const { files, bare, leftOut } = shareOf(found, run);
  // Read by test/job.ts.
  if (run === 'job') process.env['HXLLM_TEST_JOB'] = '1';
  const say = (line: string): boolean => process.stdout.write(`${line}\n`);
  // Their types are checked too; without them the test fails instead of skipping.
  if (found.some((file) => file.includes('conformance'))) await installClients(say);
  if (patterns.length === 0 && !(await checkStatically(ROOT)).passed) {
    say('no test was run');
    return 1;
  }
  const lab = sortLabFiles(files.filter(isLab), ROOT);
  const ofServer = files.filter((file) => isSerial(file) && !isLab(file));
  const [patient, real] = [ofServer.filter(isPatient), ofServer.filter((file) => !isPatient(file))];
  // The static checks, above, have run the rules of the source.
  const plain = files.filter((file) => !isSerial(file) && !(patterns.length === 0 && isStatic(file)));
  // Where the machine may be changed, no test is left out for want of a server.
  if (labTestsLeftOut() === undefined) process.env['HXLLM_SSHD_BIN'] ??= await unpackOpenSsh(say);
  if (labTestsLeftOut() === undefined && usesPromtool(found)) {
    const promtool = await unpackPromtool(say);
    if (promtool !== undefined) process.env['HXLLM_PROMTOOL_BIN'] = promtool;
  }
  if (labTestsLeftOut() === undefined && usesKerberos(found)) {
    const kerberos = await unpackKerberos(say);
    if (kerberos !== undefined) process.env['HXLLM_KRB5_BIN'] = kerberos;
  }
  const times = createTimes();
  // A machine that CI shares may stop a test for seconds. A developer wants to see such a test.
  const unsteady: string[] = [];
  const steadying =
    process.env['CI'] === 'true' ? { again: 3, onUnsteady: (file: string) => void unsteady.push(file) } : {};
  const runGroup = (group: readonly string[], pace: Pace): Promise<Tally> | Tally =>
    group.length > 0 ? runFiles(group, { ...pace, ...steadying, onEnded: times.add }, ROOT) : EMPTY;
  const inLabs = async (): Promise<Tally> => {
    const alone = await runGroup(lab.bootsOwn, SERIAL);
    return addTallies(alone, await runLabFiles(lab.borrows, { ...SERIAL, ...steadying, onEnded: times.add }, ROOT));
  };
  const beside = async (heavy: Promise<unknown>): Promise<Tally> => {
    const pace = { ...PLAIN, ...steadying, room: roomBeside(heavy) };
    const once = await runGroup(plain, pace);
    if (bare.length === 0) return once;
    say(`${run === 'whole' ? 'once more' : 'the others'} with ${BARE_IN_WORDS}`);
    const onEnded = (file: string, ms: number): void => times.add(`${file} (bare)`, ms);
    return addTallies(once, await runBare(bare, { ...pace, onEnded }, ROOT));
  };
  // Mounts, as labs do.
  const inMemory: typeof withMemoryFolder = labTestsLeftOut() === undefined ? withMemoryFolder : (work) => work();
  const parts = await inMemory(() =>
    withCompileCache(() => {
      // Labs mostly wait for their hosts, so the rest runs at the same time: one file after the other, and a second one only where a core is idle, since
      // a host that waits for a core looks like one that does not answer. The real server, after them, keeps one core busy.
      const aside = Promise.resolve(runGroup([...lab.other, ...patient], SERIAL));
      const labs = inLabs();
      const served = labs.then(() => runGroup(real, SERIAL));
      return Promise.all([aside, labs, served, beside(Promise.all([aside, served]))]);
    }),
  );
  // Parts that run at the same time do not add up.
  const tally = { ...parts.reduce(addTallies, EMPTY), durationMs: performance.now() - startedMs };
  process.stdout.write(
    `\n${[...leftOutLines(found, run, leftOut), ...unsteadyLines(unsteady), ...times.lines(), ...summaryLines(tally)].join('\n')}\n`,
  );
  return tally.success && tally.tests > 0 ? 0 : 1;
}

function kindOfRun(patterns: readonly string[]): Run {
  if (patterns.length > 0) return 'named';
  if (labTestsLeftOut() !== undefined) return 'no lab';
  return process.env['HXLLM_LAB'] === '1' ? 'whole' : 'job';
}

function usesKerberos(files: readonly string[]): boolean {
  return files.some((file) => file.endsWith('/kerberos.test.ts'));
}

function usesPromtool(files: readonly string[]): boolean {
  return files.some((file) => /\/(?:promtool|prometheus|recipes)\.test\.ts$/.test(file));
}

/** The files that have to be looked at although the run passed. */
function unsteadyLines(files: readonly string[]): readonly string[] {
  return files.length === 0
    ? []
    : [`UNSTEADY: these failed, and passed when they ran again (the reasons are above): ${files.join(', ')}`];
}

/** The tests that were left out, and how to run them; they count as skipped. */
function leftOutLines(files: readonly string[], run: Run, ofLab: readonly string[]): readonly string[] {
  const lab = files.some((file) => file.startsWith('test/lab/')) ? labTestsLeftOut() : undefined;
  const real = files.some((file) => file.startsWith('test/real/')) && findOllamaBinary() === undefined;
  return [
    ...(lab === undefined ? [] : [`LEFT OUT: the tests against real hosts (${lab})`]),
    ...(run !== 'no lab' ? [] : ['LEFT OUT: the run in a bare environment (with the lab)']),
    ...(run === 'job'
      ? [
          `LEFT OUT: ${String(ofLab.length)} files of the lab, both environments for each file, and the most cases of some tests (HXLLM_LAB=1 npm test runs them): ${ofLab.map((file) => basename(file, '.test.ts')).join(', ')}`,
        ]
      : []),
    ...(usesPromtool(files) && findPromtool() === undefined ? [PROMTOOL_LEFT_OUT] : []),
    ...(CHROMIUM === undefined && files.some((file) => file.endsWith('/report/browser.test.ts'))
      ? [CHROMIUM_LEFT_OUT]
      : []),
    ...(usesKerberos(files) && findKerberos() === undefined ? [KERBEROS_LEFT_OUT] : []),
    ...(real
      ? [
          'LEFT OUT: the tests against the real Ollama (there is no ollama here; HXLLM_OLLAMA_BIN=/path/to/ollama npm test runs them)',
        ]
      : []),
  ];
}
