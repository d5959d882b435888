import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import type { EmbeddingModel, LanguageModel } from 'ai';
import { embedModel, type Target } from '../case.ts';

/** The SDK's provider for a server, and the interface that it uses. */
export const WAYS: Readonly<
  Record<'openai-chat' | 'openai-responses' | 'compatible' | 'anthropic', (target: Target) => LanguageModel>
> = {
  'openai-chat': ({ url, key, model }) => createOpenAI({ baseURL: `${url}/v1`, apiKey: key }).chat(model),
  'openai-responses': ({ url, key, model }) => createOpenAI({ baseURL: `${url}/v1`, apiKey: key }).responses(model),
  compatible: (target) => compatible(target)(target.model),
  anthropic: ({ url, key, model }) => createAnthropic({ baseURL: `${url}/v1`, apiKey: key })(model),
};

export type Way = keyof typeof WAYS;

/** The models that embed, as two of the providers reach them. */
export const EMBEDDERS: Readonly<Record<'openai-chat' | 'compatible', (target: Target) => EmbeddingModel>> = {
  'openai-chat': (target) =>
    createOpenAI({ baseURL: `${target.url}/v1`, apiKey: target.key }).embedding(embedModel(target)),
  compatible: (target) => compatible(target).embeddingModel(embedModel(target)),
};

function compatible({ url, key }: Target): ReturnType<typeof createOpenAICompatible> {
  return createOpenAICompatible({
    name: 'judged',
    baseURL: `${url}/v1`,
    apiKey: key,
    includeUsage: true,
    supportsStructuredOutputs: true,
  });
}
