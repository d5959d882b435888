import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Settings } from '../../../src/config/config.ts';
import { authoritiesText } from '../../../src/core/certificate.ts';
import type { Host } from '../../../src/core/host.ts';
import { ok } from '../../../src/core/problem.ts';
import type { CheckResult } from '../../../src/core/verdict.ts';
import { runPreflight } from '../../../src/phases/preflight/run.ts';
import { createLocalHost } from '../../../src/remote/local/host.ts';
import { authorityFile, certificateText } from '../../certificates/certificates.ts';
import { tlsServer } from '../../certificates/tls-server.ts';
import { configOf, createAnsweringHost, hostOf, modelOf, resultOf, toolsOf, type Answers } from './host.ts';
import { GOOD, NOW_MS } from './judging.ts';

/** The answer of a host with a list of authorities, which Node reads too. */
const storeOf = (...names: readonly string[]): string =>
  `updater =update-ca-certificates\nfolder =yes\nbundle =/etc/ssl/certs/ca-certificates.crt\n${names.map(certificateText).join('')}end\n`;

const ca = { authorities: authorityFile('ca.pem') };

/** The faults of the families trust, ollama and models for one backend with this certificate. */
async function judge(name: string, settings: Partial<Settings> = {}, answers: Answers = {}, nowMs = NOW_MS) {
  await using server = await tlsServer(name);
  const backends = [{ url: server.url, numParallel: undefined }];
  const host = hostOf('h', { backends, models: [modelOf('phi3', 'phi3:3.8b')], ...settings });
  const connection = {
    ...createAnsweringHost('h', { ...GOOD, [`reach ${server.url}`]: '127.0.0.1\t0\t212\n', ...answers }),
    tls: speakTls,
  };
  const { results } = await runPreflight(
    configOf([host]),
    toolsOf(() => Promise.resolve(ok(connection)), nowMs),
    { only: ['trust', 'models'] },
  );
  const short = (id: string): string => id.replace(`[${server.url}]`, '');
  const all = results.map((result) => ({ ...result, id: short(result.id) }));
  return {
    all,
    faults: all
      .filter(
        ({ id, outcome }) =>
          /^(?:trust|ollama|models)\./.test(id) && outcome !== 'pass' && outcome !== 'not-applicable',
      )
      .map(({ id, outcome }) => `${id} ${outcome}`),
  };
}

// This machine stands for the host.
const here = createLocalHost('h', {});
const speakTls: Host['tls'] = (request, options) => here.tls(request, options);

const seen = (results: readonly CheckResult[], id: string): string => resultOf(results, id).seen;

// The name is resolved by the answers of the host.
const NAMED = { 'resolves localhost': '127.0.0.1 STREAM localhost\n' };
const BARE = { trustStore: 'end\n', runtimeTls: 'no-runtime\n', ...NAMED };

test('with litellm_ca_file a good backend passes from a host without any list of authorities', async () => {
  const { all, faults } = await judge('good', ca, BARE);
  assert.deepEqual(faults, []);
  assert.equal(seen(all, 'trust.chain'), 'CN=good, issued by CN=Example Root CA, O=Example');
  assert.equal(seen(all, 'trust.dates'), 'until 2055-01-01');
  assert.match(seen(all, 'trust.ca-installed'), /no list of authorities/);
  assert.match(seen(all, 'trust.runtime-connects'), /enforce ships it/);
  assert.equal(seen(all, 'ollama.answers'), 'Ollama 0.22.1');
});

test('an expired signature of an earlier authority behind a trusted root is no fault', async () => {
  assert.deepEqual((await judge('crossed', { authorities: authorityFile('modern.pem') }, BARE)).faults, []);
});

test('each fault of a certificate fails its own check alone; the backend still answers', async () => {
  const behind = (...ids: readonly string[]): readonly string[] => ids.map((id) => `trust.${id} skip`);
  for (const [name, expected] of [
    ['expired', ['trust.dates fail', ...behind('expiry', 'runtime-connects')]],
    ['future', ['trust.dates fail', ...behind('expiry', 'runtime-connects')]],
    ['wrong-name', ['trust.name fail', ...behind('runtime-connects')]],
    ['untrusted', ['trust.chain fail', ...behind('host-chain', 'runtime-connects')]],
    ['leaf', []],
  ] as const)
    assert.deepEqual((await judge(name, ca, BARE)).faults, expected, name);
  const none = await judge('good', {}, BARE);
  assert.deepEqual(none.faults, ['trust.chain fail', ...behind('host-chain', 'runtime-connects')]);
  const failure = resultOf(none.all, 'trust.chain');
  assert.match(
    failure.seen,
    /^CN=good, issued by CN=Example Root CA, O=Example: .*\(UNABLE_TO_VERIFY_LEAF_SIGNATURE\)$/,
  );
  assert.match(failure.fix ?? '', /litellm_ca_file/);
});

test('the authority of the host alone is enough, and one that it lacks is a warning with the command', async () => {
  const trusting = { ...BARE, trustStore: storeOf('other.pem', 'ca.pem') };
  assert.deepEqual((await judge('good', {}, trusting)).faults, []);
  const { all, faults } = await judge('good', ca, { ...BARE, trustStore: storeOf('other.pem') });
  assert.deepEqual(faults, ['trust.ca-installed fail', 'trust.host-chain skip']);
  const { severity, fix = '' } = resultOf(all, 'trust.ca-installed');
  assert.equal(severity, 'warning');
  assert.match(
    fix,
    /sudo tee \/usr\/local\/share\/ca-certificates\/ca\.crt >\/dev\/null && sudo update-ca-certificates.* < files\/ca\.pem$/,
  );
});

test('an end within 14 days is a warning, of a backend and of an authority; an authority that has expired is an error', async () => {
  const end = Date.UTC(2055, 0, 1);
  const soon = await judge('good', ca, BARE, end - 13 * 24 * 3_600_000);
  assert.deepEqual(soon.faults, ['trust.ca-expiry fail', 'trust.expiry fail']);
  for (const id of ['trust.ca-expiry', 'trust.expiry']) assert.equal(resultOf(soon.all, id).severity, 'warning');
  assert.deepEqual((await judge('good', ca, BARE, end - 15 * 24 * 3_600_000)).faults, []);
  const old = await judge(
    'good',
    { authorities: authorityFile('gone.pem') },
    { ...BARE, trustStore: storeOf('ca.pem', 'gone.pem') },
  );
  assert.deepEqual(old.faults, ['trust.ca-valid fail', 'trust.ca-expiry skip']);
  assert.match(
    seen(old.all, 'trust.ca-valid'),
    /^files\/ca\.pem:1: CN=Old Root CA, O=Example, from 2020-01-01 to 2024-01-01$/,
  );
  const both = await judge('good', { authorities: authorityFile('gone.pem', 'ca.pem') }, BARE);
  assert.deepEqual(both.faults, ['trust.ca-expiry fail']);
});

test('the runtime on the host decides where it is there; other authorities than today’s prove nothing', async () => {
  await using server = await tlsServer('good');
  const url = server.url;
  const host = hostOf('h', { backends: [{ url, numParallel: undefined }], ...ca });
  const run = async (runtimeTls: string): Promise<CheckResult> => {
    const connection = {
      ...createAnsweringHost('h', { ...GOOD, ...BARE, [`reach ${url}`]: '127.0.0.1\t0\t212\n', runtimeTls }),
      tls: speakTls,
    };
    const tools = toolsOf(() => Promise.resolve(ok(connection)), NOW_MS);
    const { results } = await runPreflight(configOf([host]), tools, { only: ['trust'] });
    return resultOf(results, `trust.runtime-connects[${url}]`);
  };
  const encode = (text: string): string => Buffer.from(text).toString('base64');
  const place = encode(`localhost ${String(server.port)}`);
  const failed = await run(`tried ${place} ${encode('CERT_HAS_EXPIRED certificate has expired')}\n`);
  assert.deepEqual([failed.outcome, failed.seen], ['fail', 'CERT_HAS_EXPIRED certificate has expired']);
  assert.equal((await run(`tried ${place}\n`)).outcome, 'pass');
  assert.match((await run('other-authorities\n')).seen, /enforce installs it/);
  assert.match((await run('no-user\n')).seen, /does not exist yet/);
});

test('without https backends and without litellm_ca_file the family does not apply', async () => {
  const host = hostOf('h', { backends: [{ url: 'http://hx-llm01-server:11434', numParallel: undefined }] });
  const tools = toolsOf(() => Promise.resolve(ok(createAnsweringHost('h', { ...GOOD, trustStore: 'end\n' }))), NOW_MS);
  const { results } = await runPreflight(configOf([host]), tools, { only: ['trust'] });
  for (const { id, outcome } of results) if (id.startsWith('trust.')) assert.equal(outcome, 'not-applicable', id);
});

test('the file on the host is what preflight compares with', () => {
  assert.ok(authoritiesText(ca.authorities.certificates).endsWith(certificateText('ca.pem')));
});
