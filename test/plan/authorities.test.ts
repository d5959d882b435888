import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isMarked } from '../../src/core/mark.ts';
import { ownUnitProblems } from '../../src/facts/drop-ins/own-unit.ts';
import { planHost } from '../../src/plan/host-plan.ts';
import { planUninstall } from '../../src/plan/uninstall.ts';
import { contentText } from '../../src/render/content.ts';
import { ownUnits } from '../../src/render/own-units.ts';
import { templateText } from '../../src/render/template.ts';
import { authorityFile, certificateText } from '../certificates/certificates.ts';
import { bare, desiredOf, folderState, installed } from './host.ts';
import { idsOf } from './plan-stage.ts';

const authorities = authorityFile('ca.pem');
const withFile = desiredOf({ authorities });
const textOf = (desired: typeof withFile, name: string): string => {
  const file = desired.files.find((each) => each.name === name);
  return file === undefined ? '' : (contentText(file.content) ?? '');
};

test('the file is rendered with the mark and the certificates alone, and the unit names it', () => {
  const file = withFile.files.find(({ name }) => name === 'ca.pem');
  assert.deepEqual(
    [file?.path, file?.owner, file?.group, file?.mode],
    ['/etc/litellm/ca.pem', 'root', 'litellm', 0o640],
  );
  const text = textOf(withFile, 'ca.pem');
  assert.ok(isMarked(text));
  assert.ok(text.endsWith(`# CN=Example Root CA, O=Example\n${certificateText('ca.pem')}`));
  assert.match(textOf(withFile, 'litellm.service'), /^Environment=NODE_EXTRA_CA_CERTS=\/etc\/litellm\/ca\.pem$/m);
  assert.doesNotMatch(textOf(desiredOf(), 'litellm.service'), /NODE_EXTRA_CA_CERTS/);
  const demo = desiredOf({ authorities, serviceManager: 'process', prefix: '/p' });
  assert.match(textOf(demo, 'litellm.env'), /^NODE_EXTRA_CA_CERTS="\/p\/etc\/litellm\/ca\.pem"$/m);
});

test('Node reads the file in spite of the mark before the certificates', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hxllm-ca-'));
  try {
    writeFileSync(
      join(folder, 'ca.pem'),
      textOf(desiredOf({ authorities: authorityFile('ca.pem', 'other.pem') }), 'ca.pem'),
    );
    const ran = spawnSync(process.execPath, ['-p', 'require("tls").getCACertificates("extra").length'], {
      encoding: 'utf8',
      env: { ...process.env, NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') },
    });
    assert.deepEqual([ran.stdout, ran.stderr], ['2\n', '']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a first file, a changed one and one that is gone each mean a new instance, never a reload', () => {
  const actual = installed(withFile);
  assert.deepEqual(idsOf(planHost(withFile, actual)), []);
  const changed = planHost(desiredOf({ authorities: authorityFile('other.pem') }), actual);
  assert.deepEqual(idsOf(changed), [
    'deployment',
    'files.ca.pem',
    'service.start',
    'service.gate',
    'service.take-over',
    'health',
  ]);
  const first = planHost(withFile, installed(desiredOf()));
  assert.deepEqual(
    idsOf(first).filter((id) => id.startsWith('files.')),
    ['files.ca.pem', 'files.litellm@.service', 'files.litellm.service'],
  );
  assert.ok(idsOf(first).includes('service.take-over'));
  const gone = planHost(desiredOf(), actual);
  assert.equal(idsOf(gone).at(-1), 'former.files');
  assert.match(gone.steps.at(-1)?.detail ?? '', /^\/etc\/litellm\/ca\.pem$/);
});

test('a move and an uninstall take the file along', () => {
  const actual = installed(withFile);
  const { plan } = planUninstall(withFile.settings, withFile.paths, actual);
  assert.match(plan.steps.find(({ id }) => id === 'files')?.title ?? '', /\/etc\/litellm\/ca\.pem/);
  const forgotten = planUninstall(desiredOf().settings, withFile.paths, actual);
  assert.match(forgotten.plan.steps.find(({ id }) => id === 'files')?.title ?? '', /\/etc\/litellm\/ca\.pem/);
});

test('a file of others in its place is replaced by a take-over alone', () => {
  const entry = {
    kind: 'file' as const,
    owner: 'root',
    group: 'root',
    mode: 0o644,
    sha256: 'x',
    text: '',
    marked: false,
  };
  const actual = bare(
    [],
    { entries: new Map([['/etc/litellm/ca.pem', { ...entry, target: undefined, sizeBytes: 1 } as never]]) },
    {
      folders: new Map([['/etc/litellm', folderState({ isConfigDir: true, names: ['ca.pem'] })]]),
    },
  );
  const step = planHost(withFile, actual).steps.find(({ id }) => id === 'files.ca.pem');
  assert.match(step?.detail ?? '', /replaces a file that hxllm did not write/);
});

test('an operator’s template without the authorities is refused where litellm_ca_file is defined, and only there', () => {
  const text = templateText('litellm.service').replace(/^\{\{ca_environment\}\}\n/m, '');
  const templates = new Map([['litellm.service', { file: 'mine/litellm.service', text }] as const]);
  const problems = (over: Parameters<typeof desiredOf>[0]): readonly (string | undefined)[] => {
    const { settings, paths, files } = desiredOf({ templates, ...over });
    return ownUnits(settings, files)
      .flatMap((unit) => ownUnitProblems(unit, { ...settings, ...paths }))
      .map(({ detail }) => detail);
  };
  assert.deepEqual(problems({}), []);
  const [lost, ...others] = problems({ authorities });
  assert.deepEqual(others, []);
  assert.match(
    lost ?? '',
    /^Expected Environment=NODE_EXTRA_CA_CERTS=\/etc\/litellm\/ca\.pem below \[Service\], found none: .*litellm_ca_file/,
  );
});
