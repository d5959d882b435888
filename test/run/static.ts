import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

/** One check that runs no test. */
interface StaticCheck {
  readonly title: string;
  readonly argv: readonly [string, ...string[]];
  /** The folder of packages that it needs, and how to get them. */
  readonly needs?: { readonly folder: string; readonly fix: string };
}

/** The checks of `npm run check`, and of `npm test` before its first test. */
export const CHECKS: readonly StaticCheck[] = [
  { title: 'types', argv: ['tsc', '-p', '.'] },
  {
    title: 'types of the conformance suite',
    argv: ['tsc', '-p', 'test/conformance'],
    needs: { folder: 'test/conformance/node_modules', fix: 'npm ci --prefix test/conformance' },
  },
  { title: 'lint', argv: ['oxlint', '--type-aware', '--deny-warnings'] },
  { title: 'format', argv: ['oxfmt', '--check'] },
  { title: 'architecture', argv: ['node', '--test', '--test-reporter=dot', 'test/architecture/*.test.ts'] },
];

/** The result of all checks. */
export interface StaticResult {
  readonly passed: boolean;
  /** Titles of checks that could not run. */
  readonly leftOut: readonly string[];
}

/** Runs every static check, one line each; the findings of a check are printed above its line. */
export async function checkStatically(root: string): Promise<StaticResult> {
  const leftOut: string[] = [];
  let passed = true;
  for (const { title, argv, needs } of CHECKS) {
    if (needs !== undefined && !existsSync(join(root, needs.folder))) {
      leftOut.push(title);
      process.stdout.write(`${title}: LEFT OUT (${needs.folder} is missing; run: ${needs.fix})\n`);
      continue;
    }
    const startedMs = performance.now();
    const { code, output } = await runTool(root, argv);
    const seconds = `${((performance.now() - startedMs) / 1000).toFixed(1)} s`;
    process.stdout.write(
      code === 0 ? `${title}: fine (${seconds})\n` : `${output.trimEnd()}\n${title}: failed (${seconds})\n`,
    );
    passed &&= code === 0;
  }
  return { passed, leftOut };
}

/** The result in words; a check that could not run is named. */
export function summaryOf({ passed, leftOut }: StaticResult): string {
  const rest = leftOut.length === 0 ? '' : `; left out: ${leftOut.join(', ')}`;
  return `${passed ? (leftOut.length === 0 ? 'all fine' : 'fine') : 'failed'}${rest}`;
}

function runTool(
  root: string,
  [program, ...rest]: readonly [string, ...string[]],
): Promise<{ readonly code: number; readonly output: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ code: number; output: string }>();
  const bin = join(root, 'node_modules/.bin');
  const child = spawn(join(bin, program), rest, {
    cwd: root,
    env: { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}` },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => output.push(chunk));
  child.on('error', reject);
  child.on('close', (code) =>
    resolve({ code: code ?? 1, output: stripVTControlCharacters(Buffer.concat(output).toString()) }),
  );
  return promise;
}
