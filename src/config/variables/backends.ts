import type { Backend } from '../config.ts';
import type { Value } from '../value.ts';
import { readBackendUrl } from './backend-url.ts';
import type { Reader } from './reader.ts';
import { judgeKeys } from './unknown-names.ts';
import { BACKEND_KEYS } from './variables.ts';

const WANTED = 'a list of addresses of Ollama servers';
const FIX = 'write below litellm_backends: one line each, such as   - http://hx-llm01-server:11434';

/** Reads `litellm_backends`: URLs, or `{url, num_parallel, max_loaded_models}`. */
export function readBackendList(value: Value | undefined, reader: Reader): readonly Backend[] | undefined {
  const items = reader.list(value, WANTED, FIX);
  const seen = new Map<string, Value>();
  return items?.flatMap((item) => {
    const backend = readBackend(item, reader);
    if (backend === undefined) return [];
    const before = seen.get(backend.url);
    if (before !== undefined)
      reader.wrong(
        item,
        `each backend once (${backend.url} is already on line ${String(before.where.line)})`,
        'remove one of the two lines',
      );
    seen.set(backend.url, item);
    return [backend];
  });
}

function readBackend(item: Value, reader: Reader): Backend | undefined {
  if (item.kind !== 'map') {
    const url = readUrl(item, reader);
    return url === undefined ? undefined : { url, numParallel: undefined };
  }
  judgeKeys(item.entries, Object.keys(BACKEND_KEYS), reader.findings);
  const address = item.entries.get('url');
  if (address === undefined)
    return reader.wrong(item, 'an entry with url: http://…', 'add url: http://hx-llm01-server:11434');
  const url = readUrl(address, reader);
  const numParallel = reader.integer(
    item.entries.get('num_parallel'),
    { from: 1, to: 1024 },
    'a whole number from 1 to 1024',
  );
  const maxLoadedModels = reader.integer(
    item.entries.get('max_loaded_models'),
    { from: 1, to: 1024 },
    'a whole number from 1 to 1024',
  );
  if (url === undefined) return undefined;
  return maxLoadedModels === undefined ? { url, numParallel } : { url, numParallel, maxLoadedModels };
}

/** Reads a backend's URL. A missing port is a warning: Ollama hardly ever listens on 80. */
function readUrl(value: Value, reader: Reader): string | undefined {
  const text = reader.text(value, 'an address such as http://hx-llm01-server:11434');
  if (text === undefined) return undefined;
  const read = readBackendUrl(text);
  if (!read.ok) return reader.wrong(value, read.wanted, read.fix);
  if (read.withoutPort) {
    reader.findings.warning({
      code: 'variables.no-port',
      summary: `${read.url} has no port`,
      detail: `Expected the port of Ollama, usually 11434, found none. The default ${read.url.startsWith('https') ? '443' : '80'} applies.`,
      fix: `write ${read.url}:11434 unless a proxy listens there`,
      where: value.where,
    });
  }
  return read.url;
}
