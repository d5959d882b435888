import { globSync } from 'node:fs';

/** Finds the test files below `root`, as relative paths: all, or those whose path contains one of the patterns. */
export function findTestFiles(root: string, patterns: readonly string[]): readonly string[] {
  const all = globSync('test/**/*.test.ts', { cwd: root, exclude: ['**/node_modules'] }).toSorted();
  return patterns.length === 0 ? all : all.filter((file) => patterns.some((pattern) => file.includes(pattern)));
}

/** Whether a file boots hosts or starts the real Ollama, and therefore runs alone. */
export function isSerial(file: string): boolean {
  return isLab(file) || file.startsWith('test/real/');
}

/** Whether a file of the real server waits for a minute of silence, keeps no core busy, and asks no more of the time than that: it runs beside the labs. */
export function isPatient(file: string): boolean {
  return file === 'test/real/silence.test.ts';
}

/** Whether a file is one of the static checks (static.ts). */
export function isStatic(file: string): boolean {
  return /^test\/architecture\/[^/]*$/.test(file);
}

/** Files whose programs get the same environment from the same stage as those of run.test.ts beside them, and pages in a browser. */
const LIKE_ITS_NEIGHBOUR =
  /^test\/phases\/enforce\/(?:downgrade|moved|pid-file|verify)\.|^test\/evidence\/report\/browser\./;

/**
 * Files that start no program of hxllm and read neither terminal nor home: the rules of the source, pure rooms, and the gateway in this process. Of
 * the gateway's own program its start and its flags stand for all: it prints lines of JSON, and systemd starts it. And a file that mounts, to which the
 * environment has to consent.
 */
const WITHOUT_ENVIRONMENT =
  /^test\/(?:architecture|bench|config\/(?:inventory\/agreement|python)|conformance|fleet|plan|schema|sim|simulation)\/|^test\/gateway\/(?!process\/flags|main\.)|^test\/run\/memory-folder\./;

/** Whether a file runs in the bare environment, too: not where nothing depends on it, nor where it only repeats the scripts of its neighbour. */
export function runsBare(file: string): boolean {
  return !WITHOUT_ENVIRONMENT.test(file) && !LIKE_ITS_NEIGHBOUR.test(file);
}

/** Whether a file boots hosts. */
export function isLab(file: string): boolean {
  return file.startsWith('test/lab/');
}

/**
 * Files of the lab that each CI job runs: a deployment and its end, upgrades under load, what a broken connection or a power cut leaves, going back,
 * secrets, sudo with a password. The others try more hosts, networks and faults; they take 50 minutes of two slow cores, which a CI job has not.
 */
const IN_EACH_JOB =
  /^test\/lab\/(?:canary|cut-off|delay-relay|deployment|instances|offline|rollback|sudo-password|take-over|uninstall)\./;

/** All tests, the share of a CI job, those that leave the machine as it is, or files that were named. */
export type Run = 'whole' | 'job' | 'no lab' | 'named';

/** Which files run how often. */
export interface Share {
  /** In the environment of this process. */
  readonly files: readonly string[];
  /** In the bare environment, from a copy. */
  readonly bare: readonly string[];
  readonly leftOut: readonly string[];
}

/**
 * Sorts files into the runs. A whole run (`HXLLM_LAB=1`) has all of the lab, and what the environment can matter for in both environments. A CI job
 * has a part of the lab, and each other file once: in the harder environment where that can matter.
 */
export function shareOf(found: readonly string[], run: Run): Share {
  const bare = run !== 'whole' && run !== 'job' ? [] : found.filter((file) => !isSerial(file) && runsBare(file));
  if (run !== 'job') return { files: found, bare, leftOut: [] };
  const leftOut = found.filter((file) => isLab(file) && !IN_EACH_JOB.test(file));
  const elsewhere = new Set([...bare, ...leftOut]);
  return { files: found.filter((file) => !elsewhere.has(file)), bare, leftOut };
}
