import type { JsonSchema } from '../../core/json-schema.ts';
import { mapping, number, text, whole } from '../kind.ts';
import { honours, type Section } from '../section.ts';

const AMOUNTS: { readonly shape: JsonSchema } = { shape: { additionalProperties: { type: 'integer', minimum: 1 } } };

/** The limits of an entry of `hxllm.keys`. */
export const LIMIT_KEYS = {
  rpm_limit: honours(
    whole(1),
    'The most requests for models in any 60 seconds, failed ones included; a further one is refused with 429 and the time after which it fits. Without it: no limit.',
    { unit: 'requests', example: 60 },
  ),
  tpm_limit: honours(
    whole(1),
    'The most tokens of prompts and answers in any 60 seconds. Reserved are the estimated prompt and `max_tokens` or, where less or unsaid, what the alias answers on average; the count of the server replaces them at the end. A request larger than the limit passes when the minute is unused. Without it: no limit.',
    { unit: 'tokens', example: 20_000 },
  ),
  model_rpm_limit: honours(
    mapping,
    'As `rpm_limit`, for the requests for one model: each name of a model with its limit. Its other names count with it.',
    { unit: 'requests', example: { 'phi3-3.8b': 30 }, ...AMOUNTS },
  ),
  model_tpm_limit: honours(mapping, 'As `tpm_limit`, for the requests for one model.', {
    unit: 'tokens',
    example: { 'phi3-3.8b': 10_000 },
    ...AMOUNTS,
  }),
  max_parallel_requests: honours(
    whole(1),
    'The most requests for models under way at once, those that wait included; a further one is refused with 429. Without it: no limit.',
    { unit: 'requests', example: 4 },
  ),
  token_budget: honours(
    whole(1),
    'The most tokens of prompts and answers in each period of `budget_duration`. Reserved are the prompt and the most that may be answered (`max_tokens`, else `num_predict` of the model, else 8,192). Spent: 429 `insufficient_quota`, without a retry. Without it: no budget.',
    { unit: 'tokens', example: 5_000_000 },
  ),
  max_budget: honours(
    number(0),
    'The most money in each period of `budget_duration`, by `input_cost_per_token` and `output_cost_per_token` of the models; a model without a price costs nothing. Without it: no budget.',
    { unit: 'USD', example: 25 },
  ),
  budget_duration: honours(
    text,
    'The period of the budgets, as in LiteLLM: `30s`, `15m`, `1h` (the full hour), `1d` (midnight), `7d` (Monday), `30d` or `1mo` (the first of the month), `hourly`, `daily`, `weekly`, `monthly`, in the time zone of `litellm_settings.timezone`. Without it: one period for ever.',
    { example: '30d' },
  ),
} satisfies Section;

/** The limits of an entry of `hxllm.teams`. */
export const TEAM_LIMIT_KEYS = {
  rpm_limit: honours(whole(1), 'As in `hxllm.keys`, for all its keys together.', { unit: 'requests', example: 600 }),
  tpm_limit: honours(whole(1), 'As in `hxllm.keys`, for all its keys together.', { unit: 'tokens', example: 200_000 }),
  model_rpm_limit: honours(mapping, 'As in `hxllm.keys`, for all its keys together.', {
    unit: 'requests',
    example: { 'phi3-3.8b': 300 },
    ...AMOUNTS,
  }),
  model_tpm_limit: honours(mapping, 'As in `hxllm.keys`, for all its keys together.', {
    unit: 'tokens',
    example: { 'phi3-3.8b': 100_000 },
    ...AMOUNTS,
  }),
  max_parallel_requests: honours(whole(1), 'As in `hxllm.keys`, for all its keys together.', {
    unit: 'requests',
    example: 16,
  }),
  token_budget: honours(whole(1), 'As in `hxllm.keys`, for all its keys together.', {
    unit: 'tokens',
    example: 50_000_000,
  }),
  max_budget: honours(number(0), 'As in `hxllm.keys`, for all its keys together.', { unit: 'USD', example: 250 }),
  budget_duration: honours(text, 'As in `hxllm.keys`.', { example: '30d' }),
} satisfies Section;
