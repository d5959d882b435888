import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

const ROOT = join(import.meta.dirname, '../..');

/** A copy of hxllm with one change, as its next version; the path of its program. The copy goes with the tests of the file. */
export function copyProgram(file: string, from: string, to: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'hxlab-program-'));
  after(() => {
    rmSync(folder, { recursive: true });
  });
  for (const name of ['bin', 'src', 'templates', 'package.json'])
    cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const text = readFileSync(join(folder, file), 'utf8');
  if (!text.includes(from)) throw new Error(`${file} has no ${from}`);
  writeFileSync(join(folder, file), text.replace(from, to));
  return join(folder, 'bin/hxllm.js');
}

/** A copy whose gateway does more before it serves: `line` is a statement. A release has a hash of its program, and a statement without effect is not in it. */
export function copyWithLine(line: string): string {
  const serves = '  const problems = await runGateway(';
  return copyProgram('src/gateway/main.ts', serves, `  ${line}\n${serves}`);
}

/** The same gateway as another release. */
export function anotherRelease(number: number): string {
  return copyWithLine(`Object.assign(globalThis, { release: ${String(number)} });`);
}
