import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { runDoctor, type DoctorOptions } from '../../../src/cli/actions/doctor.ts';
import { doctorDocumentSchema } from '../../../src/cli/views/doctor.ts';
import { Tree } from '../../config/tree.ts';
import { assertValid } from '../../json-schema.ts';
import { json, KEY, startFake, type FakeServer } from '../../phases/smoke/fake-server.ts';
import { fleet, health, ONE, server, TWO } from '../../phases/smoke/doctor/examined.ts';
import { fakeTerminal } from '../fake-terminal.ts';

/** Secrets, each in another place. */
const CANARIES: Readonly<Record<string, string>> = {
  master: KEY,
  previous: `sk-${'b2'.repeat(32)}`,
  revoked: `sk-${'c3'.repeat(32)}`,
  stranger: 'sk-ant-of-somebody-else-4711',
  url: 'Pass-In-A-Url-1',
  bearer: 'Token.Of.A.Log-17',
  literal: 'Hunter2-Provider',
  environment: 'An-Environment-Canary-9',
  query: 'Query-Canary-5',
  ssh: 'Ssh-Pass-Canary-3',
  private: 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCPrivate',
};

class Place implements AsyncDisposable {
  readonly tree = new Tree({
    'inventories/dev.ini': `[litellm]\nhx-api-server ansible_connection=local ansible_password=${CANARIES['ssh'] ?? ''}\n`,
  });
  readonly fake: FakeServer;

  private constructor(fake: FakeServer) {
    this.fake = fake;
    const port = new URL(fake.url).port;
    this.tree.write(
      'inventories/group_vars/all/main.yml',
      `litellm_models: [{name: phi3-3.8b, model: phi3}, {name: llama3-8b, model: llama3}]
litellm_backends: ["${ONE}", "${TWO}"]
litellm_port: ${port}
litellm_listen: 127.0.0.1
litellm_service_manager: process
litellm_prefix: ${join(this.tree.folder, 'host')}
litellm_master_key: ${KEY}
litellm_master_key_previous: ${CANARIES['previous'] ?? ''}
litellm_master_key_revoked: ${CANARIES['revoked'] ?? ''}
`,
    );
  }

  static async make(): Promise<Place> {
    const fake = await startFake({
      models: ['phi3-3.8b', 'llama3-8b'],
      backends: [ONE, TWO],
      health: health(),
      bend: (seen, answer) => {
        const isFleet = seen.path === '/fleet' && seen.key === KEY;
        const own = isFleet ? json(200, fleet([server(ONE), server(TWO, { slow_factor: 3 })])) : answer;
        if (seen.key === CANARIES['previous'] && seen.path === '/v1/models')
          return json(200, { object: 'list', data: [] });
        return { ...own, headers: { ...own.headers, 'x-echo': `Bearer ${CANARIES['bearer'] ?? ''}` } };
      },
    });
    return new Place(fake);
  }

  host(path: string, text: string, mode = 0o644): void {
    const file = join(this.tree.folder, 'host', path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    chmodSync(file, mode);
  }

  async doctor(options: DoctorOptions = {}) {
    const fake = fakeTerminal({ cwd: this.tree.folder, environment: { PATH: process.env['PATH'] ?? '' } });
    // The fake's clock makes half a second of each look at it.
    const terminal = { ...fake, nowMs: Date.now };
    const code = await runDoctor(terminal, options, ['doctor', '--bundle', `--note=${KEY}`]);
    return { code, ...terminal.written };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.tree[Symbol.dispose]();
    await this.fake[Symbol.asyncDispose]();
  }
}

test('a host without hxllm is told first, with the command that installs it', async () => {
  await using place = await Place.make();
  const { code, out, err } = await place.doctor();
  assert.deepEqual([code, err], [1, '']);
  assert.match(out, /^✗ the gateway is not installed on hx-api-server \[service\.not-installed\]\n/);
  assert.match(out, /\n {4}next +hxllm enforce --limit hx-api-server\n$/);
  const document = JSON.parse((await place.doctor({ json: true })).out);
  assertValid(doctorDocumentSchema(), document);
  assert.equal(document.diagnoses[0].id, 'service.not-installed');
});

test('the archive of --bundle has every fact and no secret, whatever place it stood in', async () => {
  await using place = await Place.make();
  const { stranger, url, bearer, literal, environment, query, private: key } = CANARIES;
  const gateway = `#!/bin/bash\necho "invalid: key ${stranger ?? ''} at http://ada:${url ?? ''}@llm01 and $LITELLM_MASTER_KEY" >&2; exit 78\n`;
  place.host('opt/litellm/current/gateway', gateway, 0o755);
  place.host(
    'etc/litellm/config.yaml',
    `model_list:\n  - litellm_params: { api_base: "http://ada:${url ?? ''}@llm01:11434", api_key: ${literal ?? ''} }\ngeneral_settings:\n  master_key: os.environ/LITELLM_MASTER_KEY\n  database_password: '${literal ?? ''}'\n`,
  );
  place.host('etc/litellm/litellm.env', `LITELLM_MASTER_KEY=${KEY}\nOTHER_TOKEN=${environment ?? ''}\n`);
  place.host(
    'var/log/litellm.log',
    [
      `{"event":"request","failure_text":"Bearer ${bearer ?? ''}"}`,
      `{"event":"request","path":"/v1/models?api_key=${query ?? ''}&x=1"}`,
      `{"event":"crash","environment":{"OTHER_TOKEN":"${environment ?? ''}"}}`,
      `{"event":"crash","text":"{\\"api_key\\":\\"${literal ?? ''}\\"}"}`,
      `-----BEGIN PRIVATE KEY-----\n${key ?? ''}\n-----END PRIVATE KEY-----`,
      KEY,
      CANARIES['previous'],
      encodeURIComponent(CANARIES['ssh'] ?? ''),
      'plain words stay',
    ].join('\n'),
  );
  const archive = join(place.tree.folder, 'report.tar.gz');
  const { code, out } = await place.doctor({ bundle: archive });
  assert.equal(code, 1);
  assert.match(out, /service\.config-invalid[^]*report\.tar\.gz {2}# read it before you send it\n$/);
  assert.equal(statSync(archive).mode & 0o777, 0o600);
  const names = execFileSync('tar', ['-tzf', archive], { encoding: 'utf8' });
  for (const name of ['program', 'diagnosis', 'exchanges', 'fleet', 'host'])
    assert.ok(names.includes(`/${name}.json\n`), name);
  const text = execFileSync('tar', ['-xzOf', archive], { encoding: 'utf8' });
  assert.match(text, /plain words stay/);
  assert.match(text, /os\.environ\/LITELLM_MASTER_KEY/);
  assert.match(text, /"slow_factor": 3/);
  for (const [name, canary] of Object.entries(CANARIES)) {
    assert.ok(
      !text.includes(canary),
      `${name} in the archive: ${text.slice(text.indexOf(canary) - 120, text.indexOf(canary) + 20)}`,
    );
    assert.ok(!out.includes(canary), `${name} on stdout`);
  }
  assert.match(text, /"total_tokens\\":10/);
  const names_ = names.split('\n').filter((name) => name.endsWith('.json'));
  for (const name of names_) JSON.parse(execFileSync('tar', ['-xzOf', archive, name], { encoding: 'utf8' }));
  // An archive is never written over another file.
  const again = await place.doctor({ bundle: archive });
  assert.deepEqual([again.code, /the report was not written/.test(again.err)], [1, true]);
  assert.equal(readFileSync(archive).length, statSync(archive).size);
});

test('an address needs no inventory, and its answer is the exit code', async () => {
  await using place = await Place.make();
  place.tree.write('key', `${KEY}\n`);
  const well = await place.doctor({ url: place.fake.url, keyFile: 'key' });
  assert.deepEqual([well.code, well.err], [0, '']);
  assert.match(well.out, /is healthy \[healthy\]/);
  const closed = await place.doctor({ url: 'http://127.0.0.1:9' });
  assert.deepEqual([closed.code, /http\.no-answer/.test(closed.out)], [1, true]);
  const wrong = await place.doctor({ url: `http://a:${KEY}@127.0.0.1` });
  assert.deepEqual([wrong.code, wrong.err.includes(KEY), wrong.out], [64, false, '']);
});
