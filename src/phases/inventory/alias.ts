import type { NewModel } from '../../config/edit/variable-text.ts';

const SIZE = /^(?:\d+(?:\.\d+)?|\d+x\d+|e\d+)[bmk]$/i;
const QUANTISATION = /^(?:i?q\d|fp?\d+|bf16|mxfp4)/i;
const EMBEDDING = /embed|(?:^|[/-])(?:all-minilm|bge|e5|gte|paraphrase)(?:[-:]|$)/i;

/** A model, by its name in Ollama, with the backends that serve it. */
export interface Served {
  readonly model: string;
  readonly backends: readonly string[];
}

/**
 * Makes an entry of `litellm_models` for each served model: `phi3:3.8b-mini-128k-instruct-q8_0` gets the alias `phi3-3.8b`.
 * If two models would get the same alias, both get one with their whole tag. `backends` is set if not all have the model.
 */
export function modelsOf(served: readonly Served[], all: readonly string[]): readonly NewModel[] {
  const short = served.map(({ model }) => shortAlias(model));
  const taken = new Set<string>();
  return served.map(({ model, backends }, index) => {
    const alias = short.filter((other) => other === short[index]).length > 1 ? longAlias(model) : shortAlias(model);
    const name = freeName(alias, taken);
    taken.add(name);
    return {
      name,
      model,
      backends: all.every((url) => backends.includes(url)) ? undefined : backends,
      mode: EMBEDDING.test(model) ? 'embedding' : 'chat',
    };
  });
}

function freeName(alias: string, taken: ReadonlySet<string>): string {
  for (let count = 1; ; count += 1) {
    const name = count === 1 ? alias : `${alias}-${String(count)}`;
    if (!taken.has(name)) return name;
  }
}

function shortAlias(model: string): string {
  const { name, tag } = partsOf(model);
  const [first = '', ...rest] = tag.split('-');
  const size = [first, ...rest].find((part) => SIZE.test(part));
  const part = size ?? (QUANTISATION.test(first) ? '' : first);
  return part === '' ? name : `${name}-${part}`;
}

function longAlias(model: string): string {
  const { name, tag } = partsOf(model);
  return tag === '' ? name : `${name}-${tag}`;
}

/** Name and tag. Of `hf.co/someone/name:tag` only the last part counts; the tag `latest` is left out. */
function partsOf(model: string): { readonly name: string; readonly tag: string } {
  const last = model.split('/').at(-1) ?? model;
  const [name = last, tag = ''] = last.split(':');
  return { name, tag: tag === 'latest' ? '' : tag };
}
