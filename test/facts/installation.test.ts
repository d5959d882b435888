import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { MARK_LINE } from '../../src/core/mark.ts';
import { installationQuestion } from '../../src/facts/installation/question.ts';

test('the texts of the environment file and of a private key stay on the host, also of copies that a power cut left', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hxllm-installation-'));
  try {
    const at = (name: string): string => join(folder, name);
    const secrets = ['litellm.env', 'tls-key.pem'].flatMap((name) => [name, `${name}.hxllm-new`]);
    const paths = [...secrets, 'config.yaml', 'tls-cert.pem'].map(at);
    for (const path of paths) writeFileSync(path, `${MARK_LINE}\nthe text\n`);
    const question = installationQuestion({
      user: 'nobody-here',
      group: 'nobody-here',
      installDir: folder,
      marker: at('.hxllm'),
      pidFile: at('pid'),
      envFile: at('litellm.env'),
      serviceManager: 'process',
      verify: false,
      paths,
    });
    const { stdout, status } = spawnSync('bash', ['-s', '--', ...(question.arguments ?? [])], {
      input: question.script,
      encoding: 'utf8',
    });
    const { entries } = question.parse({ stdout, exitCode: status ?? 1 });
    for (const name of secrets)
      assert.deepEqual([entries.get(at(name))?.marked, entries.get(at(name))?.text], [true, undefined], name);
    for (const name of ['config.yaml', 'tls-cert.pem'])
      assert.match(entries.get(at(name))?.text ?? '', /the text/, name);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
