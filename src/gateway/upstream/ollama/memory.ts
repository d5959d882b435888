import { isObject, parseObject, textOf, type Json } from '../../json.ts';
import type { AliasSettings } from './options.ts';

/** A model in memory, as `/api/ps` lists it. */
export interface Loaded {
  readonly name: string;
  readonly context: number | undefined;
  readonly family: string | undefined;
  readonly sizeBytes: number | undefined;
  readonly vramBytes: number | undefined;
}

/**
 * Requests that load a model with the settings of its alias and do nothing else, the preferred one first. A model that only embeds
 * refuses the first (seen on 0.22.1).
 */
export function loadBodies({
  model,
  keepAlive,
  options,
}: AliasSettings): readonly { readonly path: string; readonly body: string }[] {
  // 0 would unload the model at once.
  const kept = {
    keep_alive: isNever(keepAlive) ? undefined : keepAlive,
    options: Object.keys(options).length === 0 ? undefined : options,
  };
  return [
    { path: '/api/generate', body: JSON.stringify({ model, stream: false, ...kept }) },
    { path: '/api/embed', body: JSON.stringify({ model, input: [], ...kept }) },
  ];
}

/** Requests that ask a model for one token, in the same order: the options are those of its runner, which stays. */
export function testBodies({
  model,
  options,
}: AliasSettings): readonly { readonly path: string; readonly body: string }[] {
  return [
    {
      path: '/api/generate',
      body: JSON.stringify({ model, prompt: 'a', raw: true, stream: false, options: { ...options, num_predict: 1 } }),
    },
    { path: '/api/embed', body: JSON.stringify({ model, input: 'a', options }) },
  ];
}

/** The body of a request that unloads a model. */
export function unloadBody(model: string): string {
  return JSON.stringify({ model, keep_alive: 0 });
}

/** The models in a response of `/api/ps`; `undefined` if it is not one. */
export function loadedModels(body: string): readonly Loaded[] | undefined {
  const models = parseObject(body)?.['models'];
  if (!Array.isArray(models)) return undefined;
  return models.filter(isObject).map((model) => {
    const [context, details] = [model['context_length'], model['details']];
    const family = isObject(details) ? textOf(details, 'family') : '';
    return {
      name: textOf(model, 'name'),
      context: typeof context === 'number' ? context : undefined,
      family: family === '' ? undefined : family,
      sizeBytes: numberIn(model, 'size'),
      vramBytes: numberIn(model, 'size_vram'),
    };
  });
}

function numberIn(model: Json, name: string): number | undefined {
  const value = model[name];
  return typeof value === 'number' ? value : undefined;
}

/** Whether a `keep_alive` unloads the model after each response. */
export function isNever(keepAlive: number | string | undefined): boolean {
  return keepAlive === 0 || (typeof keepAlive === 'string' && /^0+(?:\.0+)?[a-zµ]*$/.test(keepAlive));
}
