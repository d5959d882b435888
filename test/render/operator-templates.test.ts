import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pathsOf, type Settings } from '../../src/config/config.ts';
import type { Problem } from '../../src/core/problem.ts';
import { TEMPLATE_NAMES, type OperatorTemplates, type TemplateName } from '../../src/core/template-name.ts';
import { ownUnitProblems } from '../../src/facts/drop-ins/own-unit.ts';
import { contentText } from '../../src/render/content.ts';
import { renderHostFiles } from '../../src/render/host-files.ts';
import { ownUnits } from '../../src/render/own-units.ts';
import { templateText } from '../../src/render/template.ts';
import { KEY } from '../plan/host.ts';
import { settings } from './settings.ts';

function withTemplates(texts: Partial<Readonly<Record<TemplateName, string>>>): Settings {
  const templates: OperatorTemplates = new Map(
    TEMPLATE_NAMES.flatMap((name) => {
      const text = texts[name];
      return text === undefined ? [] : [[name, { file: `mine/${name}`, text }] as const];
    }),
  );
  return settings({ templates });
}

/** The texts that are rendered, and all Problems of templates. */
function render(own: Settings): { readonly texts: ReadonlyMap<string, string>; readonly problems: readonly Problem[] } {
  const files = renderHostFiles(own, { key: KEY });
  if (!files.ok) return { texts: new Map(), problems: files.problems };
  return {
    texts: new Map(files.value.map(({ name, content }) => [name, contentText(content) ?? ''])),
    problems: ownUnits(own, files.value).flatMap((unit) => ownUnitProblems(unit, { ...own, ...pathsOf(own) })),
  };
}

const SERVICE = templateText('litellm.service');
const INSTANCE = templateText('litellm@.service');
const SOCKET = templateText('litellm.socket');
const ENV = templateText('litellm.env');

test('hxllm’s own templates have all that the gateway needs, and their comments about themselves are not rendered', () => {
  const { texts, problems } = render(settings());
  assert.deepEqual(problems, []);
  for (const name of TEMPLATE_NAMES) {
    assert.match(templateText(name), /^#:/);
    assert.doesNotMatch(texts.get(name) ?? '#:', /^#:|\{\{/m);
  }
});

test('a template as hxllm wrote it renders the same files, so its use changes no host', () => {
  const same = withTemplates(Object.fromEntries(TEMPLATE_NAMES.map((name) => [name, templateText(name)])));
  assert.deepEqual(render(same), render(settings()));
  const windows = withTemplates({ 'litellm.service': SERVICE.replaceAll('\n', '\r\n') });
  assert.deepEqual(render(windows), render(settings()));
});

test('an operator’s own settings stay, and hxllm’s template stands for one that is missing', () => {
  const own = withTemplates({ 'litellm.service': SERVICE.replace('[Install]', 'MemoryMax=2G\nNice=5\n\n[Install]') });
  const { texts, problems } = render(own);
  assert.deepEqual(problems, []);
  assert.match(texts.get('litellm.service') ?? '', /^MemoryMax=2G$/m);
  assert.equal(texts.get('litellm.socket'), render(settings()).texts.get('litellm.socket'));
});

const LOST: readonly (readonly [string, Partial<Readonly<Record<TemplateName, string>>>, RegExp])[] = [
  [
    'ExecStart',
    { 'litellm@.service': INSTANCE.replace(/^ExecStart=.*\n/m, '') },
    /ExecStart=.*below \[Service\], found none/,
  ],
  [
    'another program',
    { 'litellm@.service': INSTANCE.replace(/^ExecStart=.*$/m, 'ExecStart=/usr/bin/litellm --config {{config_file}}') },
    /found ExecStart=\/usr\/bin\/litellm .*another program/,
  ],
  [
    'an ExecStart that is reset',
    { 'litellm@.service': INSTANCE.replace('[Install]', 'ExecStart=\n[Install]') },
    /ExecStart=/,
  ],
  ['ExecReload', { 'litellm.service': SERVICE.replace(/^ExecReload=.*\n/m, '') }, /ExecReload=/],
  ['User', { 'litellm@.service': INSTANCE.replace(/^User=.*\n/m, '') }, /User=litellm below \[Service\], found none/],
  ['Type', { 'litellm@.service': INSTANCE.replace('Type=exec', 'Type=notify') }, /Type=exec.*found Type=notify/],
  ['the key', { 'litellm@.service': INSTANCE.replace(/^LoadCredential=.*\n/m, '') }, /LoadCredential=litellm\.env:/],
  [
    'the socket',
    { 'litellm@.service': INSTANCE.replace(/^Requires=.*\n/m, '') },
    /Requires=litellm\.socket below \[Unit\]/,
  ],
  ['the state folder', { 'litellm@.service': INSTANCE.replace(/^StateDirectory=.*\n/m, '') }, /StateDirectory=/],
  ['the boot', { 'litellm@.service': INSTANCE.replace(/^WantedBy=.*\n/m, '') }, /WantedBy=.*no instance starts/],
  [
    'the boot of all',
    { 'litellm.service': SERVICE.replace(/^WantedBy=.*\n/m, '') },
    /WantedBy=.*does not start at boot/,
  ],
  ['the end with the service', { 'litellm@.service': INSTANCE.replace(/^BindsTo=.*\n/m, '') }, /BindsTo=.*go on/],
  [
    'the permit of a start',
    { 'litellm@.service': INSTANCE.replace(/^Condition.*next.*\n/m, '') },
    /ConditionPathExists=.*litellm-next/,
  ],
  ['the sockets', { 'litellm@.service': INSTANCE.replace(/^Sockets=.*\n/m, '') }, /Sockets=.*no listening socket/],
  [
    'a unit that is the gateway itself, of an older version',
    { 'litellm.service': SERVICE.replace(/^ExecStart=.*$/m, 'ExecStart={{gateway}} --config {{config_file}}') },
    /ExecStart=.*found ExecStart=\/opt\/litellm\/current\/gateway .*log of the instances/,
  ],
  [
    'a setting with which Node.js ends',
    { 'litellm@.service': INSTANCE.replace('[Install]', 'MemoryDenyWriteExecute=yes\n[Install]') },
    /no MemoryDenyWriteExecute=/,
  ],
  ['a section', { 'litellm@.service': INSTANCE.replace('[Service]', '[Servce]') }, /ExecStart=/],
  [
    'the port',
    { 'litellm.socket': SOCKET.replace(/^ListenStream=.*$/m, 'ListenStream=8080') },
    /ListenStream=0\.0\.0\.0:4000/,
  ],
  ['the listening', { 'litellm.socket': SOCKET.replace(/^ListenStream=.*\n/m, '') }, /ListenStream=.*found none/],
  ['the mark', { 'litellm.socket': SOCKET.replace(/^\{\{mark\}\}\n/m, '') }, /first line \{\{mark\}\}/],
  ['a mark below', { 'litellm@.service': `# mine\n${INSTANCE}` }, /first line \{\{mark\}\}/],
  ['the key’s variable', { 'litellm.env': '{{mark}}\nKEY={{master_key}}\n' }, /LITELLM_MASTER_KEY=\{\{master_key\}\}/],
  ['a second key', { 'litellm.env': `${ENV}LITELLM_MASTER_KEY=\n` }, /LITELLM_MASTER_KEY=\{\{master_key\}\}/],
  ['a key behind a backslash', { 'litellm.env': ENV.replace('LITELLM', 'A=b\\\nLITELLM') }, /LITELLM_MASTER_KEY/],
  ['a key in an open quote', { 'litellm.env': ENV.replace('LITELLM', 'A="b\nLITELLM') }, /LITELLM_MASTER_KEY/],
  [
    'a start that depends',
    { 'litellm@.service': INSTANCE.replace('[Service]', 'ConditionPathExists=/etc/x\n[Service]') },
    /no ConditionPathExists= below \[Unit\].*does not start/,
  ],
  [
    'the rights of the program',
    { 'litellm@.service': INSTANCE.replace('\nExecStart=', '\nExecStart=+') },
    /a prefix changes how systemd runs the program/,
  ],
  ['an empty file', { 'litellm.service': '' }, /first line \{\{mark\}\}/],
];

test('a template that lost what the gateway needs is refused, with the file and the line to write', () => {
  for (const [what, texts, wanted] of LOST) {
    const { problems } = render(withTemplates(texts));
    const [name] = Object.keys(texts);
    assert.ok(problems.length > 0, what);
    for (const problem of problems) {
      assert.equal(problem.code, 'config.template-lost', what);
      assert.equal(problem.where?.file, `mine/${name ?? ''}`, what);
    }
    assert.ok(
      problems.some(({ detail }) => wanted.test(detail)),
      `${what}: ${problems.map(({ detail }) => detail).join('\n')}`,
    );
  }
});

test('an unknown name is an error with the line of the template and the nearest name', () => {
  const text = SERVICE.replace('User={{user}}', 'User={{usr}}');
  const [problem] = render(withTemplates({ 'litellm.service': text })).problems;
  const line = text.split('\n').indexOf('User={{usr}}') + 1;
  assert.deepEqual(problem?.where, { file: 'mine/litellm.service', line });
  assert.equal(problem.fix, `write {{user}} in line ${String(line)} of mine/litellm.service`);
});

test('a name as Jinja writes it is an error that shows the right one', () => {
  for (const written of ['{{ user }}', "{{ user | default('x') }}", '{{ usr }}', '{{user }}']) {
    const text = SERVICE.replace('{{user}}', written);
    const [problem, ...more] = render(withTemplates({ 'litellm.service': text })).problems;
    assert.match(problem?.detail ?? '', /, found \{\{ ?use?r .*\}\}\.$/, written);
    assert.match(problem?.fix ?? '', /^write \{\{user\}\} in line \d+ of mine/, written);
    assert.deepEqual(more, []);
  }
});

test('a last line without its end is a line, and no other one is written behind it', () => {
  const bare = withTemplates({ 'litellm.env': ENV.trimEnd(), 'litellm.socket': SOCKET.trimEnd() });
  assert.deepEqual(render(bare), render(settings()));
  const text = { environment: render({ ...bare, serviceManager: 'process', prefix: '/p' }).texts.get('litellm.env') };
  assert.match(text.environment ?? '', /^LITELLM_MASTER_KEY=".*"\n$/m);
});

test('the environment file may have other lines, also in quotes over several ones', () => {
  const own = ENV.replace('LITELLM', `# it's\nA="b\nc"\nD='e\\'\nF=g\\\\\nLITELLM`);
  assert.deepEqual(render(withTemplates({ 'litellm.env': `${own}Z="a=b"\n` })).problems, []);
});

test('the environment file leaves the authorities to litellm_ca_file, since systemd prefers its variables', () => {
  const own = withTemplates({ 'litellm.env': `${ENV}NODE_EXTRA_CA_CERTS=/etc/mine.pem\n` });
  assert.deepEqual(render(own).problems, []);
  const authorities = { file: 'ca.pem', path: '/w/ca.pem', certificates: [] };
  const [problem, ...more] = render({ ...own, authorities }).problems;
  assert.equal(problem?.fix, 'remove the line NODE_EXTRA_CA_CERTS= from mine/litellm.env');
  assert.deepEqual(more, []);
});
