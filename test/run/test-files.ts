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

/** Whether a file is in a room of the gateway, which starts no program and reads neither terminal nor home. */
export function isInRoom(file: string): boolean {
  return /^test\/gateway\/(?!process\/)[^/]+\//.test(file);
}

/** Whether a file boots hosts. */
export function isLab(file: string): boolean {
  return file.startsWith('test/lab/');
}
