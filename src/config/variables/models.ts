import type { Backend, Model } from '../config.ts';
import { plainOf, describeValue, type MapValue, type Value } from '../value.ts';
import { readBackendUrl } from './backend-url.ts';
import type { Reader } from './reader.ts';
import { nearestName } from '../../core/spelling.ts';
import { judgeKeys } from './unknown-names.ts';
import { MODEL_KEYS } from './variables.ts';

const KEYS = Object.keys(MODEL_KEYS);
const WANTED = 'a list of models, each with name, provider and model';
const FIX = 'write below litellm_models: entries such as   - {name: llama3-8b, provider: ollama, model: "llama3:8b"}';
const DURATION = /^-?(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+$/;

/** Reads `litellm_models`. `backends` are the backends that a model may name; `undefined` if none are defined yet. */
export function readModels(
  value: Value | undefined,
  backends: readonly Backend[] | undefined,
  reader: Reader,
): readonly Model[] | undefined {
  const seen = new Map<string, Value>();
  return reader.list(value, WANTED, FIX)?.flatMap((item) => {
    if (item.kind !== 'map') {
      reader.wrong(item, 'an entry with name, provider and model', FIX);
      return [];
    }
    const model = readModel(item, backends, reader);
    if (model === undefined) return [];
    const before = seen.get(model.name);
    if (before !== undefined)
      reader.wrong(
        item.entries.get('name') ?? item,
        `each alias once (${model.name} is already on line ${String(before.where.line)})`,
        'give one of the two another name',
      );
    seen.set(model.name, item);
    return [model];
  });
}

function readModel(item: MapValue, backends: readonly Backend[] | undefined, reader: Reader): Model | undefined {
  const { entries } = item;
  judgeKeys(entries, KEYS, reader.findings);
  const name = required('name', 'the alias for clients', item, reader);
  const model = required('model', 'the model’s name in Ollama, such as llama3:8b', item, reader);
  readProvider(entries.get('provider'), reader);
  const read = {
    backends: readSubset(entries.get('backends'), backends, reader),
    numCtx: reader.integer(entries.get('num_ctx'), { from: 1, to: 16_777_216 }, 'a number of tokens'),
    keepAlive: readKeepAlive(entries.get('keep_alive'), reader),
    options: readOptions(entries.get('options'), reader),
    mode: readMode(entries.get('mode'), reader),
  };
  const groups = reader
    .list(entries.get('access_groups'), 'a list of names, such as [small]')
    ?.flatMap((group) => reader.text(group, 'the name of a group of models') ?? []);
  if (name === undefined || model === undefined) return undefined;
  return { name, provider: 'ollama', model, ...read, ...(groups === undefined ? {} : { accessGroups: groups }) };
}

function required(key: string, wanted: string, item: MapValue, reader: Reader): string | undefined {
  const value = item.entries.get(key);
  if (value === undefined) {
    // A misspelled key has its own message.
    if (![...item.entries.keys()].some((seen) => !KEYS.includes(seen) && nearestName(seen, KEYS) === key))
      reader.findings.wrong(item.where, `${key}: ${wanted}`, `an entry without ${key}`, `add ${key}: to the entry`);
    return undefined;
  }
  const text = reader.text(value, wanted);
  if (text !== undefined && /\s/.test(text)) return reader.wrong(value, `${wanted}, without spaces`);
  return text;
}

function readProvider(value: Value | undefined, reader: Reader): void {
  if (value !== undefined && (value.kind !== 'scalar' || value.value !== 'ollama'))
    reader.wrong(
      value,
      'the provider ollama, the only one that is supported',
      'write provider: ollama, or remove the entry',
    );
}

function readSubset(
  value: Value | undefined,
  backends: readonly Backend[] | undefined,
  reader: Reader,
): readonly string[] | undefined {
  const items = reader.list(
    value,
    'a list of addresses from litellm_backends',
    'remove backends: if all backends serve the model',
  );
  return items?.flatMap((item) => {
    const text = reader.text(item, 'an address from litellm_backends');
    if (text === undefined) return [];
    const url = readBackendUrl(text);
    if (url.ok && (backends === undefined || backends.some((backend) => backend.url === url.url))) return [url.url];
    const known = (backends ?? []).map((backend) => backend.url);
    const near = nearestName(text, known);
    reader.wrong(
      item,
      known.length === 0
        ? 'an address such as http://hx-llm01-server:11434'
        : `one of litellm_backends: ${known.join(', ')}`,
      near === undefined ? `add ${text} to litellm_backends, or correct it` : `write ${near}`,
    );
    return [];
  });
}

function readKeepAlive(value: Value | undefined, reader: Reader): number | string | undefined {
  if (value === undefined) return undefined;
  if (value.kind === 'scalar' && typeof value.value === 'number' && Number.isFinite(value.value)) return value.value;
  if (value.kind === 'scalar' && typeof value.value === 'string' && DURATION.test(value.value)) return value.value;
  return reader.wrong(value, 'seconds, or a duration such as 30m; -1 for always', 'write keep_alive: 30m');
}

function readOptions(value: Value | undefined, reader: Reader): Readonly<Record<string, unknown>> {
  if (value === undefined) return {};
  if (value.kind !== 'map') return reader.wrong(value, 'a mapping of Ollama’s options, such as {temperature: 0}') ?? {};
  return Object.fromEntries([...value.entries].map(([key, entry]) => [key, plainOf(entry)]));
}

function readMode(value: Value | undefined, reader: Reader): 'chat' | 'embedding' {
  if (value === undefined) return 'chat';
  const text = value.kind === 'scalar' ? value.value : describeValue(value);
  if (text === 'chat' || text === 'embedding') return text;
  return reader.wrong(value, 'chat or embedding') ?? 'chat';
}
