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

/** Files whose programs get the same environment from the same stage as those of run.test.ts beside them, and pages in a browser. */
const LIKE_ITS_NEIGHBOUR =
  /^test\/phases\/enforce\/(?:downgrade|moved|pid-file|verify)\.|^test\/evidence\/report\/browser\./;

/**
 * Files that start no program of hxllm and read neither terminal nor home: the rules of the source, pure rooms, and the gateway in this process. Of
 * the gateway's own program its start and its flags stand for all: it prints lines of JSON, and systemd starts it.
 */
const WITHOUT_ENVIRONMENT =
  /^test\/(?:architecture|bench|config\/(?:inventory\/agreement|python)|conformance|fleet|plan|schema|sim|simulation)\/|^test\/gateway\/(?!process\/flags|main\.)/;

/** Whether a file runs in the bare environment, too: not where nothing depends on it, nor where it only repeats the scripts of its neighbour. */
export function runsBare(file: string): boolean {
  return !WITHOUT_ENVIRONMENT.test(file) && !LIKE_ITS_NEIGHBOUR.test(file);
}

/** Whether a file boots hosts. */
export function isLab(file: string): boolean {
  return file.startsWith('test/lab/');
}

/**
 * Files of the lab that try more hosts of kinds of which another file has one, and the faults of smoke, which fakes have too: they take half of the
 * lab's time, which a CI job on two slow cores has not.
 */
const MORE_HOSTS = /^test\/lab\/(?:by-hand|lost-server|moved|nasty-hosts|odd-hosts|others|planted-faults)\./;

/** Sorts out the files that only a whole run of the lab has: `HXLLM_LAB=1`, or words that name files. */
export function withoutMoreHosts(files: readonly string[]): {
  readonly runs: readonly string[];
  readonly leftOut: readonly string[];
} {
  const leftOut = files.filter((file) => MORE_HOSTS.test(file));
  return { runs: files.filter((file) => !leftOut.includes(file)), leftOut };
}
