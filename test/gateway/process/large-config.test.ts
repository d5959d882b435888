import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfigText } from '../../../src/gateway/process/config-file.ts';
import { createService } from '../../../src/gateway/service.ts';

const SETTINGS = 'general_settings: {master_key: sk-large-config-test}\n';

function entry(name: string, url: string, model = 'm'): string {
  return `  - {model_name: ${name}, litellm_params: {model: ollama_chat/${model}, api_base: "${url}"}}\n`;
}

function times(count: number, text: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => text(index)).join('');
}

const url = (index: number): string => `http://127.0.0.1:${String(1024 + index)}`;
const one = 'http://127.0.0.1:1024';

/** Documents that grow in one respect, by what grows. */
const DOCUMENTS: Readonly<Record<string, (count: number) => string>> = {
  'deployments of one alias': (count) => `model_list:\n${times(count, () => entry('a', one))}`,
  'references to variables that are not set': (count) =>
    `model_list:\n${times(count, (index) => entry(`a${String(index)}`, `os.environ/NOT_SET_${String(index)}`))}${entry('z', one)}`,
  'fallbacks to unknown names': (count) =>
    `model_list:\n${times(count, (index) => entry(`a${String(index)}`, one))}router_settings:\n  fallbacks:\n${times(
      count,
      (index) => `    - a${String(index)}: [unknown${String(index)}]\n`,
    )}`,
  'settings of unknown servers': (count) =>
    `model_list:\n${times(count, (index) => entry(`a${String(index)}`, url(index)))}hxllm:\n  backends:\n${times(
      count,
      (index) => `    http://127.0.0.2:${String(index + 1024)}: {num_parallel: 2}\n`,
    )}`,
};

function cpuMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** The least CPU time of two runs, ms. */
function leastMs(work: () => void): number {
  return Math.min(...Array.from({ length: 2 }, () => cpuMs(work)));
}

for (const [name, document] of Object.entries(DOCUMENTS))
  test(`the time to read a file is linear in the number of ${name}`, () => {
    const read = (count: number) => {
      const text = document(count) + SETTINGS;
      return (): void => {
        assert.deepEqual(readConfigText(text, 'config.yaml', { environment: {} }).errors, []);
      };
    };
    const small = leastMs(read(500));
    // Eight times as many take 64 times as long where each looks at all others.
    const large = leastMs(read(4000));
    assert.ok(large < small * 20 + 100, `${String(small)} ms for 500, ${String(large)} ms for 4,000`);
  });

test('a message lists at most twenty names', () => {
  const { warnings } = readConfigText(
    `${DOCUMENTS['fallbacks to unknown names']?.(30) ?? ''}${SETTINGS}`,
    'config.yaml',
    { environment: {} },
  );
  assert.match(warnings[0]?.detail ?? '', /^Expected one of the model_name values \(a0, .*a19, …\), found "unknown0"/);
});

test('deployments of one alias that differ in nothing, or in a number like that of a repetition, have ids of their own', () => {
  const text = `model_list:\n${times(3, () => entry('a', one))}${entry('a', one, '"m#2"')}${entry('a', one)}${SETTINGS}`;
  const ids = readConfigText(text.replaceAll('ollama_chat/"m#2"', '"ollama_chat/m#2"'), 'config.yaml', {
    environment: {},
  }).config?.groups[0]?.deployments.map(({ id }) => id);
  assert.equal(new Set(ids).size, 5);
});

test('every entry of a large fleet may merge one anchor', () => {
  const { config, errors } = readConfigText(
    `base: &base {api_base: "${one}", num_ctx: 4096}\nmodel_list:\n${times(
      2000,
      (index) =>
        `  - model_name: a${String(index)}\n    litellm_params:\n      <<: *base\n      model: ollama_chat/m${String(index)}\n`,
    )}${SETTINGS}`,
    'config.yaml',
    { environment: {} },
  );
  assert.deepEqual(errors, []);
  assert.equal(config?.groups[1999]?.deployments[0].options['num_ctx'], 4096);
});

test('the time of a reload is linear in the number of servers and of fallbacks', async () => {
  const replace = async (count: number): Promise<number> => {
    const text = `model_list:\n${times(count, (index) => entry(`a${String(index)}`, url(index)))}router_settings:\n  fallbacks:\n${times(
      count,
      (index) => `    - a${String(index)}: [a${String((index + 1) % count)}]\n`,
    )}${SETTINGS}`;
    const { config } = readConfigText(text, 'config.yaml', { environment: {} });
    assert.ok(config !== undefined);
    const [first] = config.groups;
    const [server] = config.backends;
    assert.ok(first !== undefined && server !== undefined);
    const small = createService({ ...config, groups: [first], backends: [server] }, () => {}, {
      onLoaded() {},
      onContext() {},
      onReplaced() {},
      onForeignLoad: () => false,
      onBackendDown() {},
      onListed() {},
    });
    const taken: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      const since = process.threadCpuUsage();
      const large = await small.replacedBy(config);
      assert.ok(large !== undefined);
      for (const group of config.groups) assert.equal(large.fallbacks('failed', group).length, 1);
      await large.replacedBy(small.config);
      const { user, system } = process.threadCpuUsage(since);
      taken.push((user + system) / 1000);
    }
    await small.close();
    return Math.min(...taken);
  };
  const few = await replace(1000);
  const many = await replace(8000);
  assert.ok(many < few * 20 + 100, `${String(few)} ms for 1,000, ${String(many)} ms for 8,000`);
});
