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
const CHECKS: readonly StaticCheck[] = [
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

/** Runs every static check, one line each; the findings of a check are printed above its line. Returns whether all passed. */
export async function checkStatically(root: string): Promise<boolean> {
  let passed = true;
  for (const { title, argv, needs } of CHECKS) {
    if (needs !== undefined && !existsSync(join(root, needs.folder))) {
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
  return passed;
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
