import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import type { CheckResult } from '../../../src/core/verdict.ts';
import { KEY, startFake, type FakeServer } from '../../phases/smoke/fake-server.ts';
import { quietPort } from '../../port.ts';
import { createKeys } from '../../remote/ssh/server.ts';
import { startSshd, WITHOUT_SSHD, type Sshd } from '../../remote/ssh/sshd.ts';

const BIN = join(import.meta.dirname, '../../../bin/hxllm.js');
const SERVER = 'http://127.0.0.1:1';
/** The address of the host for others; its gateway listens on its loopback, and a proxy in front of it here. */
const OUTSIDE = '127.0.0.9';

interface Ended {
  readonly code: number;
  readonly evidence: string;
  readonly hosts: readonly string[];
  readonly problems: readonly { readonly code: string; readonly where?: { readonly host?: string } }[];
  readonly result: (host: string, id: string) => CheckResult;
  readonly failed: (host: string) => readonly string[];
}

suite('smoke from the host itself', { skip: WITHOUT_SSHD ?? false }, async () => {
  const keys = await createKeys();
  const [hostKey, clientKey] = [await keys.make('host'), await keys.make('client')];
  let sshd: Sshd | undefined;
  let gateway: FakeServer | undefined;
  let port = '';
  const proxy = createServer((_request, response) => {
    response.writeHead(502, { 'content-type': 'text/html' }).end('<title>Bad Gateway</title>');
  });

  before(async () => {
    sshd = await startSshd(keys.folder, [hostKey], clientKey);
    gateway = await startFake({ models: ['m'], backends: [SERVER] });
    ({ port } = new URL(gateway.url));
    await once(proxy.listen(Number(port), OUTSIDE), 'listening');
  });
  after(async () => {
    await stop();
    proxy.close();
    await sshd?.close();
    await keys.remove();
  });

  async function stop(): Promise<void> {
    const running = gateway;
    gateway = undefined;
    await running?.[Symbol.asyncDispose]();
  }

  async function smoke(more: readonly string[], hosts = ''): Promise<Ended> {
    const folder = await mkdtemp(join(keys.folder, 'work-'));
    const known = join(folder, 'known');
    await writeFile(known, `[127.0.0.1]:${String(sshd?.port)} ${hostKey.publicText}\n`);
    const ssh = `ansible_user=${sshd?.user ?? ''} ansible_ssh_private_key_file=${clientKey.file} ansible_ssh_common_args="-F none -o HostName=127.0.0.1 -o UserKnownHostsFile=${known}"`;
    const lines = [
      '[litellm]',
      `api ansible_host=${OUTSIDE} ansible_port=${String(sshd?.port)} ${ssh}`,
      hosts.replace('SSH', ssh),
      '[litellm:vars]',
      `litellm_port=${port}`,
      `litellm_master_key=${KEY}`,
      `litellm_models=[{"name":"m","provider":"ollama","model":"m"}]`,
      `litellm_backends=["${SERVER}"]`,
    ];
    await writeFile(join(folder, 'dev.ini'), `${lines.join('\n')}\n`);
    const { code, stdout } = await new Promise<{ code: number; stdout: string }>((resolve) => {
      const args = [BIN, 'smoke', '-i', 'dev.ini', '--json', ...more];
      const child = execFile(process.execPath, args, { cwd: folder }, (_error, text) => {
        resolve({ code: child.exitCode ?? -1, stdout: text });
      });
    });
    // The document of the phase.
    const document = JSON.parse(stdout) as Pick<Ended, 'evidence' | 'hosts' | 'problems'> & {
      readonly results: CheckResult[];
    };
    const { results } = document;
    return {
      code,
      evidence: document.evidence,
      hosts: document.hosts,
      problems: document.problems,
      result: (host, id) => {
        const found = results.find((one) => one.host === host && one.id === id);
        assert.ok(found !== undefined, `${id} of ${host}`);
        return found;
      },
      failed: (host) =>
        results.filter((one) => one.host === host && ['fail', 'unknown'].includes(one.outcome)).map(({ id }) => id),
    };
  }

  test('a proxy in between fails on one side alone, and a host that is not reached hides neither', async () => {
    const seen = await smoke(
      ['--from-host'],
      `gone ansible_host=127.0.0.1 ansible_port=${String(await quietPort())} SSH`,
    );
    assert.deepEqual(seen.hosts.toSorted(), ['api', 'api from itself', 'gone', 'gone from itself']);
    assert.match(seen.result('api', 'health.alive').seen, /502 with a web page/);
    assert.deepEqual(seen.failed('api from itself'), []);
    assert.equal(seen.result('api from itself', 'http.connects').outcome, 'not-applicable');
    assert.equal(seen.result('api from itself', 'performance.tokens').outcome, 'not-applicable');
    assert.deepEqual(
      seen.problems.map(({ code, where }) => [code, where?.host]),
      [['host.unreachable', 'gone']],
    );
    assert.equal(seen.code, 69);
    const junit = await readFile(join(seen.evidence, 'junit.xml'), 'utf8');
    assert.match(junit, /<testsuite name="gone from itself" tests="1" failures="0" errors="1"/);
  });

  test('a gateway that is stopped is told as the host sees it', async () => {
    await stop();
    const seen = await smoke(['--through-ssh']);
    assert.deepEqual(seen.failed('api'), ['http.reachable']);
    const { seen: words, fix } = seen.result('api', 'http.reachable');
    assert.deepEqual(
      [words, fix],
      ['the host does not reach its own gateway: Connection refused', 'hxllm service status'],
    );
    assert.equal(seen.code, 1);
  });
});
