import Anthropic from '@anthropic-ai/sdk';
import type { Target } from '../case.ts';
import { WEATHER } from '../openai/sdk.ts';

/** The SDK, without retries: they would hide failures. */
export function sdk({ url, key }: Target): Anthropic {
  return new Anthropic({ baseURL: url, apiKey: key, maxRetries: 0, timeout: 40_000 });
}

/** The conversation of every case; the answer is always the same. */
export const HI = { messages: [{ role: 'user' as const, content: 'Say something.' }], max_tokens: 8, temperature: 0 };

/** The tool of the other clients, in this API's words. */
export const TOOL = {
  name: WEATHER.function.name,
  description: WEATHER.function.description,
  input_schema: { ...WEATHER.function.parameters, type: 'object' as const },
};

/** Whether the input of a call matches {@link TOOL}. */
export function hasCity(input: unknown): boolean {
  return typeof input === 'object' && input !== null && 'city' in input && typeof input.city === 'string';
}
