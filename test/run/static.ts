import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

const CHECKS: readonly { readonly title: string; readonly argv: readonly [string, ...string[]] }[] = [
  { title: 'types', argv: ['tsc', '-p', '.'] },
  { title: 'types of the conformance suite', argv: ['tsc', '-p', 'test/conformance'] },
  { title: 'lint', argv: ['oxlint', '--type-aware', '--deny-warnings'] },
  { title: 'format', argv: ['oxfmt', '--check'] },
];

/** Checks types and lint, one line each; what they found is printed where they fail. */
export async function checkStatically(root: string): Promise<boolean> {
  for (const { title, argv } of CHECKS) {
    const startedMs = performance.now();
    const { code, output } = await runTool(root, argv);
    const seconds = `${((performance.now() - startedMs) / 1000).toFixed(1)} s`;
    process.stdout.write(
      code === 0 ? `${title}: fine (${seconds})\n` : `${output}\n${title}: failed (${seconds}); no test was run\n`,
    );
    if (code !== 0) return false;
  }
  return true;
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
