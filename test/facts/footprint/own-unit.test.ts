import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { MARK_LINE } from '../../../src/core/mark.ts';
import { footprintQuestion } from '../../../src/facts/footprint/question.ts';
import { renderTemplate } from '../../../src/render/template.ts';

test('hxllm’s own unit tells its folders, its user and its group', (context) => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'hxllm-footprint-')));
  context.after(() => {
    rmSync(root, { recursive: true });
  });
  const unit = renderTemplate('litellm.service', {
    mark: MARK_LINE,
    user: 'gate',
    group: 'gates',
    env_file: `${root}/etc/b/litellm.env`,
    config_file: `${root}/etc/b/config.yaml`,
    config_dir: `${root}/etc/b`,
    install_dir: `${root}/srv/b`,
    gateway: '',
    listen: '',
    ca_environment: '',
    egress: '',
    egress_reload: '',
  });
  assert.ok(unit.ok);
  mkdirSync(`${root}/etc/systemd/system`, { recursive: true });
  writeFileSync(`${root}/etc/systemd/system/litellm.service`, unit.value);
  const question = footprintQuestion({
    configDir: `${root}/etc/new`,
    installDir: `${root}/srv/new`,
    stateDir: `${root}/var/lib/litellm`,
    serviceUnit: `${root}/etc/systemd/system/litellm.service`,
    user: 'no-such-user',
    group: 'no-such-group',
    serviceManager: 'process',
    defaults: [],
  });
  const stdout = execFileSync('bash', ['-c', question.script, 'hxllm', ...(question.arguments ?? [])], {
    encoding: 'utf8',
  });
  assert.deepEqual(question.parse({ stdout, exitCode: 0 }).unit, {
    configDir: `${root}/etc/b`,
    installDir: `${root}/srv/b`,
    user: 'gate',
    group: 'gates',
  });
});
