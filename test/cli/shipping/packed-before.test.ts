import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { run } from '../../lab/command.ts';

const folder = await mkdtemp(join(tmpdir(), 'hxllm-packed-'));
after(() => rm(folder, { recursive: true }));
const ROOT = join(import.meta.dirname, '../../..');

test('a bundle is packed again when a file that is in it has changed, and only then', async () => {
  for (const name of ['src', 'package.json', 'package-lock.json'])
    await cp(join(ROOT, name), join(folder, name), { recursive: true });
  await mkdir(join(folder, 'node_modules'));
  for (const name of ['esbuild', '@esbuild', 'hono', '@hono', 'undici', 'yaml', 'dns-packet', '@leichtgewicht'])
    await symlink(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
  const pack = async (): Promise<string> => {
    const program = `process.stdout.write(await (await import('./src/cli/shipping/bundle.ts')).packGateway())`;
    const ran = await run([process.execPath, '--input-type=module', '-e', program], { cwd: folder });
    assert.equal(ran.exitCode, 0, ran.stderr);
    return ran.stdout;
  };
  const kept = join(folder, 'node_modules/.cache/hxllm/gateway.json');
  const first = await pack();
  const { inputs } = JSON.parse(await readFile(kept, 'utf8')) as { inputs: object };
  await writeFile(kept, JSON.stringify({ content: 'kept', inputs }));
  assert.equal(await pack(), 'kept');
  const source = join(folder, 'src/gateway/main.ts');
  await writeFile(source, `${await readFile(source, 'utf8')}\nconsole.log('changed');\n`);
  const changed = await pack();
  assert.ok(changed.includes('console.log("changed")') && !first.includes('console.log("changed")'));
  await writeFile(kept, 'damaged');
  // As if somebody saved the file while it was packed: the bundle may have its former text.
  const later = new Date(Date.now() + 60_000);
  await utimes(source, later, later);
  assert.equal(await pack(), changed);
  assert.equal(await readFile(kept, 'utf8'), 'damaged');
});
