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

/** Files whose programs get the same environment from the same stage as those of run.test.ts beside them. */
const LIKE_ITS_NEIGHBOUR = /^test\/phases\/enforce\/(?:downgrade|moved|pid-file|verify)\./;

/**
 * Whether a file runs in the bare environment, too: not one of the gateway's rooms or the simulation of routing, which start no program
 * and read neither terminal nor home, and not one that only repeats the scripts of its neighbour.
 */
export function runsBare(file: string): boolean {
  return !/^test\/(?:gateway\/(?!process\/)[^/]+|fleet)\//.test(file) && !LIKE_ITS_NEIGHBOUR.test(file);
}

/** Whether a file boots hosts. */
export function isLab(file: string): boolean {
  return file.startsWith('test/lab/');
}
