import type { ServerEvent } from '../../../../src/gateway/exchange.ts';

export const TEXT: ServerEvent = { kind: 'text', text: 'Hel' };

export const HM: ServerEvent = { kind: 'thinking', text: 'hm' };

export const part = (text: string): object => ({ type: 'output_text', annotations: [], logprobs: [], text });

export const message = (status: string, text: string): object => ({
  id: 'msg_',
  type: 'message',
  status,
  content: [part(text)],
  role: 'assistant',
});
