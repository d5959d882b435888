import { isObject, type Json } from '../../json.ts';

/** The context length of a model in an answer of `/v1/models`, under the names of vLLM, llama.cpp and LM Studio; `undefined` if it is missing. */
export function contextInModels(answer: Json | undefined, model: string): number | undefined {
  const data = answer?.['data'];
  const found = Array.isArray(data) ? data.filter(isObject).find(({ id }) => id === model) : undefined;
  const meta = isObject(found?.['meta']) ? found['meta'] : {};
  return [
    found?.['max_model_len'],
    meta['n_ctx'],
    found?.['loaded_context_length'],
    found?.['max_context_length'],
  ].find((value) => typeof value === 'number');
}

/** The ids in an answer of `/v1/models`. */
export function namesInModels({ data }: Json): readonly string[] {
  return Array.isArray(data) ? data.filter(isObject).flatMap(({ id }) => (typeof id === 'string' ? [id] : [])) : [];
}
