import type { JsonSchema } from '../../core/json-schema.ts';
import { mapping, whole } from '../kind.ts';
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
} satisfies Section;
