import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseOllamaHost } from '../../src/facts/ollama-server/answer.ts';
import { amdGpus, nvidiaGpus } from '../../src/facts/ollama-server/gpus.ts';
import { parseServerVersion, parseShow, parseTags } from '../../src/facts/ollama-server/http.ts';
import { ollamaHostQuestion } from '../../src/facts/ollama-server/question.ts';

const sample = (name: string): string =>
  readFileSync(new URL(`samples/ollama-server-${name}.txt`, import.meta.url), 'utf8');

const RUNNING = {
  OLLAMA_HOST: '127.0.0.1:21434',
  OLLAMA_NUM_PARALLEL: '4',
  OLLAMA_MAX_LOADED_MODELS: '2',
  OLLAMA_CONTEXT_LENGTH: '16384',
};

test('a host with NVIDIA’s driver: the process, the unit with its file over its Environment, and both GPUs', () => {
  const { processes, unit, gpus } = parseOllamaHost(sample('nvidia'));
  assert.deepEqual(processes, [
    { pid: 812, settings: RUNNING, container: undefined, unit: 'ollama.service', parent: 1 },
  ]);
  assert.deepEqual(unit, {
    active: true,
    pid: 812,
    settings: { OLLAMA_HOST: '0.0.0.0', OLLAMA_KEEP_ALIVE: '24 h', OLLAMA_NUM_PARALLEL: '4' },
    unreadable: [],
  });
  const gpu = { name: 'NVIDIA A100 80GB PCIe', vramMiB: 81_920 };
  assert.deepEqual(gpus, { nvidia: [gpu, gpu] });
});

test('a host with ROCm: warnings before the document, and a card without a name', () => {
  const { unit, gpus } = parseOllamaHost(sample('rocm'));
  assert.equal(unit, undefined);
  assert.deepEqual(gpus, {
    amd: [
      { name: 'Radeon RX 7900 XTX', vramMiB: 24_560 },
      { name: '0x164e', vramMiB: 512 },
    ],
  });
});

test('a host without either program has no GPU, and a cut answer is unknown', () => {
  assert.deepEqual(parseOllamaHost(sample('no-gpu')).gpus, {});
  assert.throws(() => parseOllamaHost(sample('no-gpu').replace(/^end$/m, '')), /incomplete/);
});

test('GPUs whose driver fails or states no memory are not counted as none', () => {
  assert.deepEqual(nvidiaGpus(['0', '0, NVIDIA GB10, [N/A]']), {
    nvidia: [{ name: 'NVIDIA GB10', vramMiB: undefined }],
  });
  assert.deepEqual(nvidiaGpus(['6', 'No devices were found']), { nvidia: [] });
  assert.deepEqual(
    nvidiaGpus(['9', 'NVIDIA-SMI has failed because it couldn’t communicate with the NVIDIA driver.\nMake sure …']),
    { nvidia: { failed: 'NVIDIA-SMI has failed because it couldn’t communicate with the NVIDIA driver.' } },
  );
  assert.deepEqual(
    amdGpus(['0', '{"card0": {"VRAM Total Memory (B)": 1048576, "Card series": "A, B"}, "system": {}}']),
    {
      amd: [{ name: 'A, B', vramMiB: 1 }],
    },
  );
  assert.deepEqual(amdGpus(['2', 'ERROR:root:Driver not initialized (amdgpu not found in modules)']), {
    amd: { failed: 'ERROR:root:Driver not initialized (amdgpu not found in modules)' },
  });
});

test('a process in a container, and one whose environment may not be read', () => {
  const line = (groups: string, readable: string): string =>
    `process =7 =${readable} =yes ${Buffer.from(groups).toString('base64')} =1\nend`;
  const [docker] = parseOllamaHost(line('0::/system.slice/docker-0a1b.scope', 'yes')).processes;
  assert.deepEqual(docker, { pid: 7, settings: {}, container: 'docker', unit: undefined, parent: 1 });
  const [podman] = parseOllamaHost(line('0::/machine.slice/libpod-0a1b.scope/container', 'no')).processes;
  assert.deepEqual([podman?.container, podman?.settings], ['podman', undefined]);
});

test('a wrapper and the server that it started are one server', () => {
  const { processes } = parseOllamaHost('process =5 =yes =no - =1\nprocess =6 =yes =no - =5\nend');
  assert.deepEqual(
    processes.map(({ pid }) => pid),
    [6],
  );
});

test('the script leaves out every other variable of an environment', () => {
  const { script } = ollamaHostQuestion('user');
  const run = spawnSync('bash', ['-c', script], { encoding: 'utf8', timeout: 20_000 });
  assert.match(run.stdout, /\nend\n$/);
  for (const line of run.stdout.split('\n').filter((each) => each.startsWith('setting ')))
    assert.match(line, /^setting =OLLAMA_(?:HOST|NUM_PARALLEL|CONTEXT_LENGTH|KEEP_ALIVE|MAX_LOADED_MODELS) /);
});

test('answers over HTTP: digests, sizes, the trained context of any architecture, and num_ctx of the Modelfile', () => {
  assert.deepEqual(parseTags({ models: [{ name: 'a:1', digest: 'd', size: 5 }, { name: 7 }] }), [
    { name: 'a:1', digest: 'd', sizeBytes: 5, trainedContext: undefined, numCtx: undefined },
  ]);
  assert.equal(parseTags({ data: [] }), undefined);
  assert.deepEqual(
    parseShow({
      model_info: { 'general.architecture': 'phi3', 'phi3.context_length': 131_072 },
      parameters: 'stop "<|end|>"\nnum_ctx                        8192\n',
    }),
    { trainedContext: 131_072, numCtx: 8192 },
  );
  assert.deepEqual(parseShow(undefined), { trainedContext: undefined, numCtx: undefined });
  assert.equal(parseServerVersion({ version: '0.22.1' }), '0.22.1');
});
