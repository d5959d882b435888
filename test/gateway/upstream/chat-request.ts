import type { ChatRequest } from '../../../src/gateway/exchange.ts';

/** A chat request that asks for nothing but a stream; tests spread it and add the fields they are about. */
export const PLAIN_CHAT: ChatRequest = {
  model: 'mine',
  messages: [],
  tools: [],
  mustCall: false,
  parallelCalls: true,
  format: undefined,
  sampling: {},
  stop: [],
  maxTokens: undefined,
  thinking: undefined,
  thinkingName: 'think',
  logprobs: undefined,
  stream: true,
  includeUsage: false,
  original: undefined,
};
