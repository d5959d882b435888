import type { Message } from '../../exchange.ts';

/** The role that a chat's role means, in OpenAI's API and in Ollama's. */
export const CHAT_ROLES: Readonly<Record<string, Message['role']>> = {
  system: 'system',
  developer: 'system',
  user: 'user',
  assistant: 'assistant',
  tool: 'tool',
  function: 'tool',
};
