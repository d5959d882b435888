import { execFileSync, spawn } from 'node:child_process';
import { join, posix } from 'node:path';
import { findTestFiles } from './test-files.ts';

// npm run test:watch [-- PATTERN …]: node's watch mode on the test files whose path holds one of the patterns; without a
// pattern, on the test files that were changed since the last commit, and those of the changed sources.

const ROOT = join(import.meta.dirname, '../..');

if (import.meta.main) main(process.argv.slice(2));

function main(patterns: readonly string[]): void {
  const all = findTestFiles(ROOT, patterns);
  const files = patterns.length > 0 ? all : testsOf(changedFiles(), all);
  if (files.length === 0) {
    process.stderr.write(
      patterns.length > 0
        ? `no test file below test/ has ${patterns.join(' or ')} in its path\n`
        : 'no file was changed since the last commit; name the tests to watch: npm run test:watch -- PATTERN\n',
    );
    process.exitCode = 64;
    return;
  }
  process.stdout.write(`watching ${files.join(' ')}\n`);
  const child = spawn(process.execPath, ['--test', '--watch', ...files], { cwd: ROOT, stdio: 'inherit' });
  child.on('exit', (code) => (process.exitCode = code ?? 0));
}

/** Files that git reports as changed, added or untracked. */
function changedFiles(): readonly string[] {
  const output = execFileSync('git', ['status', '--porcelain', '-z', '--no-renames', '--untracked-files=all'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return output
    .split('\0')
    .filter((line) => line !== '')
    .map((line) => line.slice('XY '.length));
}

/** Test files that were changed. For a changed source the test at its path, or else all tests of its folder. */
export function testsOf(changed: readonly string[], all: readonly string[]): readonly string[] {
  const tests = changed.flatMap((file) => {
    if (all.includes(file)) return [file];
    const own = file.replace(/^src\//, 'test/').replace(/\.ts$/, '.test.ts');
    return all.includes(own) ? [own] : all.filter((test) => posix.dirname(test) === posix.dirname(own));
  });
  return [...new Set(tests)].toSorted();
}
