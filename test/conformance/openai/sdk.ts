import OpenAI from 'openai';
import type { Target } from '../case.ts';

/** The SDK, without retries: they would hide failures. */
export function sdk({ url, key }: Target): OpenAI {
  return new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0, timeout: 40_000 });
}

/** A tool with one argument, of two values. */
export const WEATHER = {
  type: 'function' as const,
  function: {
    name: 'get_weather',
    description: 'The weather of a city.',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string', enum: ['Paris', 'Rome'] } },
      required: ['city'],
      additionalProperties: false,
    },
  },
};

/** The parameters that make a model with tools call one. */
export const QUESTION = [{ role: 'user' as const, content: 'What is the weather in Paris?' }];

/** Whether the arguments of a call match {@link WEATHER}. */
export function namesCity(text: string): boolean {
  const said: unknown = JSON.parse(text);
  return typeof said === 'object' && said !== null && 'city' in said && typeof said.city === 'string';
}

/** The schema of an answer: one of two words, and a boolean. */
export const VERDICT = {
  type: 'object',
  properties: { answer: { type: 'string', enum: ['yes', 'no'] }, sure: { type: 'boolean' } },
  required: ['answer', 'sure'],
  additionalProperties: false,
};

/** Whether a value matches {@link VERDICT}. */
export function isVerdict(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    'answer' in value &&
    'sure' in value &&
    (value.answer === 'yes' || value.answer === 'no') &&
    typeof value.sure === 'boolean' &&
    Object.keys(value).length === 2
  );
}
