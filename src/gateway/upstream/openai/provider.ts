import type { Provider } from '../provider.ts';
import type { BackendQuery } from '../query-cache.ts';
import { openaiChat, openaiCompletion, openaiEmbed } from './call.ts';
import { contextInModels, namesInModels } from './model-list.ts';
import { unsupportedParams } from './unsupported-params.ts';

const MODELS: BackendQuery = { path: '/models', holdsMs: 5000 };

/** Servers with an OpenAI-compatible API (vLLM, llama.cpp, LM Studio). They load their models themselves. */
export const OPENAI_PROVIDER: Provider = {
  chat: (params, { model, fields }) => openaiChat(params, model, fields),
  completion: (params, { model, fields }) => openaiCompletion(params, model, fields),
  embed: (params, { model, fields }) => openaiEmbed(params, model, fields),
  unsupportedParams,
  forwardsOriginal: true,
  truncates: false,
  probePath: '/models',
  // llama.cpp answers /models from its own thread, but other servers (Python's http.server, one uvicorn worker) do one thing at a time.
  answersWhileBusy: false,
  models: { query: MODELS, read: namesInModels },
  catalogue: { contextLength: { query: MODELS, read: contextInModels } },
};
