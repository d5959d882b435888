import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Model } from '../../../src/config/config.ts';
import type { OllamaHost, OllamaProcess } from '../../../src/facts/ollama-server/answer.ts';
import type { ServedModel } from '../../../src/facts/ollama-server/http.ts';
import { inspectionOf } from '../../../src/phases/inventory/scan/inspect.ts';
import { backendProposals, modelProposals } from '../../../src/phases/inventory/scan/proposals.ts';
import { modelRows } from '../../../src/phases/inventory/scan/rows.ts';
import type { ScannedServer, StatedSettings } from '../../../src/phases/inventory/scan/scan.ts';
import { gpusText, matrixText, serversText } from '../../../src/phases/inventory/scan/tables.ts';

const URLS = ['http://llm01:11434', 'http://llm02:11434'];

const served = (name: string, more: Partial<ServedModel> = {}): ServedModel => ({
  name,
  digest: 'aaaaaaaaaaaabbbb',
  sizeBytes: 4_100_000_000,
  trainedContext: 8192,
  numCtx: undefined,
  ...more,
});

function server(index: number, models: readonly ServedModel[], stated?: StatedSettings): ScannedServer {
  const url = URLS[index] ?? '';
  const head = { url, label: new URL(url).hostname, answer: { version: '0.22.1', models } };
  return stated === undefined
    ? { ...head, unknown: 'not asked' }
    : { ...head, inspection: { source: 'process', stated, remarks: [] } };
}

const model = (name: string, more: Partial<Model> = {}): Model => ({
  name,
  provider: 'ollama',
  model: name,
  backends: undefined,
  numCtx: undefined,
  keepAlive: undefined,
  options: {},
  mode: 'chat',
  ...more,
});

test('the matrix marks the digest that is not the usual one, a model that is missing and a server without an answer', () => {
  const silent: ScannedServer = { url: 'http://llm03:11434', label: 'llm03', unknown: 'not asked' };
  const servers = [
    server(0, [served('phi3:mini')]),
    server(1, [served('phi3:mini', { digest: 'cccccccccccc0' })]),
    silent,
  ];
  const rows = modelRows({ servers }, ['phi3:mini', 'gone:latest']);
  assert.equal(
    matrixText(rows, servers),
    [
      'model        size    trained context  llm01         llm02           llm03',
      'phi3:mini    4.1 GB  8192             aaaaaaaaaaaa  cccccccccccc ≠  ?',
      'gone:latest                           –             –               ?',
    ].join('\n'),
  );
  assert.deepEqual(
    rows.map(({ differs }) => differs),
    [true, false],
  );
});

test('a name with and without :latest, or in capitals, is one row', () => {
  const servers = [server(0, [served('llama3:latest')]), server(1, [served('Llama3')])];
  assert.equal(modelRows({ servers }, ['llama3']).length, 1);
});

test('num_parallel and room are proposed as stated: a smaller number of the file stays, a larger one is corrected', () => {
  const servers = [
    server(0, [], { numParallel: 4, maxLoadedModels: 2 }),
    server(1, [], { numParallel: 4, maxLoadedModels: 0 }),
  ];
  const proposals = backendProposals(
    [
      { url: URLS[0] ?? '', numParallel: 8 },
      { url: URLS[1] ?? '', numParallel: 2 },
    ],
    { servers },
  );
  assert.deepEqual(proposals.keys, [
    { index: 0, key: 'max_loaded_models', value: 2 },
    { index: 0, key: 'num_parallel', value: 4 },
  ]);
  assert.deepEqual(proposals.remarks, ['http://llm02:11434: num_parallel stays 2; the server would allow 4']);
});

test('nothing is proposed that the servers do not state', () => {
  const servers = [server(0, [served('phi3:mini')], {}), server(1, [served('phi3:mini')])];
  const backends = URLS.map((url) => ({ url, numParallel: undefined }));
  assert.deepEqual(backendProposals(backends, { servers }), { keys: [], remarks: [] });
  assert.deepEqual(modelProposals([model('phi3:mini')], URLS, { servers }), { keys: [], remarks: [] });
});

test('num_ctx: the Modelfile’s before the server’s, at most what the model was trained for, and one for all servers', () => {
  const wide = { contextLength: 16_384 };
  const servers = [
    server(0, [served('a'), served('b', { trainedContext: 32_768 }), served('c', { numCtx: 2048 }), served('d')], wide),
    server(1, [served('a'), served('b', { trainedContext: 32_768 }), served('c')], { contextLength: 4096 }),
  ];
  const own = model('d', { numCtx: 65_536 });
  const first = { backends: [URLS[0] ?? ''] };
  const { keys, remarks } = modelProposals([model('a', first), model('b'), model('c', first), own, model('d')], URLS, {
    servers,
  });
  assert.deepEqual(keys, [
    { index: 0, key: 'num_ctx', value: 8192 },
    { index: 2, key: 'num_ctx', value: 2048 },
    { index: 4, key: 'num_ctx', value: 8192 },
  ]);
  assert.deepEqual(remarks, [
    'b: no num_ctx is proposed, since its servers differ: llm01 has 16384, llm02 has 4096',
    'd: num_ctx 65536 is more than the 8192 tokens that the model of llm01 was trained for; Ollama uses 8192',
  ]);
});

const process = (settings: OllamaProcess['settings'], more: Partial<OllamaProcess> = {}): OllamaProcess => ({
  pid: 7,
  settings,
  container: undefined,
  unit: undefined,
  parent: 1,
  ...more,
});
const host = (processes: readonly OllamaProcess[], unit?: OllamaHost['unit']): OllamaHost => ({
  processes,
  unit,
  gpus: {},
});

/** The reason why the settings are unknown. */
function unknownOf(said: OllamaHost): string {
  const inspection = inspectionOf(said, 'http://llm01:11434', [], true);
  return typeof inspection === 'string' ? inspection : 'known';
}

test('of several servers on a host, the one that listens on the port counts', () => {
  const both = host([
    process({ OLLAMA_HOST: '0.0.0.0', OLLAMA_NUM_PARALLEL: '1' }),
    process({ OLLAMA_HOST: 'http://[::]:11435/', OLLAMA_NUM_PARALLEL: '2' }),
  ]);
  const of = (url: string, others: readonly string[] = []): unknown => {
    const inspection = inspectionOf(both, url, others, true);
    return typeof inspection === 'string' ? inspection : inspection.stated;
  };
  assert.deepEqual(of('http://llm01:11434'), { numParallel: 1 });
  assert.deepEqual(of('http://llm01:11435'), { numParallel: 2 });
  assert.equal(of('https://llm01'), 'expected one server on port 443, found: port 11434, port 11435');
  assert.deepEqual(of('https://llm01', ['http://llm01:11434']), { numParallel: 2 }, 'the one behind a proxy');
});

test('a backend that does not answer has no server but one that states its port', () => {
  const one = host([process({ OLLAMA_HOST: '0.0.0.0:11434', OLLAMA_NUM_PARALLEL: '4' })]);
  assert.equal(inspectionOf(one, 'http://llm01:9', [], false), 'expected one server on port 9, found: port 11434');
  assert.equal(typeof inspectionOf(one, 'http://llm01:11434', [], false), 'object');
});

test('a container’s server is named so, and its own port is not the host’s', () => {
  const docker = process({ OLLAMA_HOST: '0.0.0.0:11434', OLLAMA_NUM_PARALLEL: '3' }, { container: 'docker' });
  const alone = inspectionOf(host([docker]), 'http://llm01:8080', [], true);
  assert.ok(typeof alone !== 'string');
  assert.deepEqual([alone.container, alone.stated], ['docker', { numParallel: 3 }]);
  const both = inspectionOf(host([docker, process({})]), 'http://llm01:8080', [], true);
  assert.equal(both, 'expected one server on port 8080, found: port 11434 in docker, port 11434');
});

test('a process that may not be read: its unit counts, if it is the unit’s, and no file of it is closed', () => {
  const unit = { active: true, pid: 7, settings: { OLLAMA_NUM_PARALLEL: '4' }, unreadable: [] };
  const inspection = inspectionOf(host([process(undefined)], unit), 'http://llm01:11434', [], true);
  assert.ok(typeof inspection !== 'string');
  assert.deepEqual([inspection.source, inspection.stated], ['unit', { numParallel: 4 }]);
  assert.match(unknownOf(host([process(undefined)])), /root alone/);
  const closed = { ...unit, unreadable: ['/etc/ollama.env'] };
  assert.match(unknownOf(host([process(undefined)], closed)), /^\/etc\/ollama\.env/);
});

test('a unit that was changed after the start, and a value that Ollama cannot read, are remarks', () => {
  const unit = { active: true, pid: 7, settings: { OLLAMA_NUM_PARALLEL: '8' }, unreadable: [] };
  const inspection = inspectionOf(
    host([process({ OLLAMA_NUM_PARALLEL: '4', OLLAMA_CONTEXT_LENGTH: '8k' })], unit),
    'http://llm01:11434',
    [],
    true,
  );
  assert.ok(typeof inspection !== 'string');
  assert.deepEqual(inspection.stated, { numParallel: 4 });
  assert.match(inspection.remarks.join('\n'), /OLLAMA_CONTEXT_LENGTH=8k is no number/);
  assert.match(
    inspection.remarks.join('\n'),
    /has OLLAMA_NUM_PARALLEL=8, and the running server 4: sudo systemctl daemon-reload/,
  );
});

test('GPUs in words, with their number and their memory together', () => {
  const gpu = { name: 'NVIDIA A100', vramMiB: 81_920 };
  assert.equal(gpusText({ nvidia: [gpu, gpu] }), '2 × NVIDIA A100 80 GiB: 160 GiB of VRAM');
  assert.equal(gpusText({ nvidia: [] }), 'none');
  assert.match(gpusText({}), /^none \(neither/);
  assert.equal(gpusText({ amd: { failed: 'no driver' } }), 'unknown (rocm-smi: no driver)');
});

test('the GPUs of a host are shown also where the settings of its server are unknown', () => {
  const gpus = { nvidia: [{ name: 'NVIDIA L4', vramMiB: 23_034 }] };
  const text = serversText([{ url: 'http://llm01:11434', label: 'llm01', unknown: 'sudo refused', gpus }]);
  assert.match(text, /^llm01 +no answer +\? +\? +\? +\? +NVIDIA L4 22\.5 GiB: 22\.5 GiB of VRAM$/m);
});
