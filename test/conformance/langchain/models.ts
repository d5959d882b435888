import { ChatAnthropic } from '@langchain/anthropic';
import type { BaseChatModel } from '@langchain/core/language_models/chat_models';
import { ChatOllama, OllamaEmbeddings } from '@langchain/ollama';
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai';
import { embedModel, type Target } from '../case.ts';

/** LangChain's integration for a server, the interface that it uses, and the parameter that makes a model call a tool. */
export const WAYS = {
  openai: ({ url, key, model }: Target, limit: number): BaseChatModel =>
    new ChatOpenAI({
      model,
      apiKey: key,
      maxTokens: limit,
      temperature: 0,
      maxRetries: 0,
      configuration: { baseURL: `${url}/v1` },
    }),
  'openai-responses': ({ url, key, model }: Target, limit: number): BaseChatModel =>
    new ChatOpenAI({
      model,
      apiKey: key,
      maxTokens: limit,
      temperature: 0,
      maxRetries: 0,
      useResponsesApi: true,
      configuration: { baseURL: `${url}/v1` },
    }),
  anthropic: ({ url, key, model }: Target, limit: number): BaseChatModel =>
    new ChatAnthropic({ model, apiKey: key, maxTokens: limit, temperature: 0, maxRetries: 0, anthropicApiUrl: url }),
  ollama: ({ url, key, model }: Target, limit: number): BaseChatModel =>
    new ChatOllama({
      model,
      baseUrl: url,
      numPredict: limit,
      temperature: 0,
      maxRetries: 0,
      headers: { authorization: `Bearer ${key}` },
    }),
} as const;

export type Way = keyof typeof WAYS;

/** The models that embed. */
export const EMBEDDERS = {
  openai: (target: Target): OpenAIEmbeddings =>
    new OpenAIEmbeddings({
      model: embedModel(target),
      apiKey: target.key,
      maxRetries: 0,
      configuration: { baseURL: `${target.url}/v1` },
    }),
  ollama: (target: Target): OllamaEmbeddings =>
    new OllamaEmbeddings({
      model: embedModel(target),
      baseUrl: target.url,
      maxRetries: 0,
      headers: { authorization: `Bearer ${target.key}` },
    }),
} as const;
