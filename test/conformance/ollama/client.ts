import { Ollama } from 'ollama';
import type { Target } from '../case.ts';
import { WEATHER } from '../openai/sdk.ts';

/** Ollama's own client, with the key as it is sent to Ollama's cloud. */
export function client({ url, key }: Target): Ollama {
  return new Ollama({ host: url, headers: { authorization: `Bearer ${key}` } });
}

/** The conversation of every case. */
export const HI = {
  messages: [{ role: 'user', content: 'Say something.' }],
  options: { num_predict: 8, temperature: 0 },
};

/** The tool of the other clients, in this client's words. */
export const TOOL = {
  type: 'function',
  function: {
    ...WEATHER.function,
    parameters: {
      type: 'object',
      properties: { city: { type: 'string', enum: ['Paris', 'Rome'] } },
      required: ['city'],
    },
  },
};
