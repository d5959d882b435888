import { anything, flag, number, whole, whole64 } from '../kind.ts';
import { honours, type Section } from '../section.ts';

/**
 * Ollama's own options (api/types.go, Options and Runner), which are allowed in `litellm_params`. Those of the runner come
 * first: they decide how the model is loaded, so they apply to every request.
 */
export const OLLAMA_OPTIONS = {
  num_ctx: honours(
    whole(1),
    'The length of the context, for prompt and response together. It applies to every request. Without it the context grows with the prompts: see `hxllm.context`.',
    {
      unit: 'tokens',
      example: 16384,
    },
  ),
  num_batch: honours(
    whole(1),
    'The number of prompt tokens that the runner processes at once. It applies to every request.',
    {
      unit: 'tokens',
    },
  ),
  num_gpu: honours(
    whole(-1),
    'The number of layers that go to the GPU; -1: Ollama decides. It applies to every request.',
  ),
  main_gpu: honours(whole(0), 'The index of the GPU for small tensors. It applies to every request.'),
  num_thread: honours(whole(0), 'The number of CPU threads; 0: Ollama decides. It applies to every request.'),
  use_mmap: honours(flag, 'Whether the model file is mapped into memory. It applies to every request.'),
  num_keep: honours(whole(-1), 'The number of prompt tokens that stay when the context is shifted; -1: all.', {
    unit: 'tokens',
  }),
  num_predict: honours(whole(-2), 'The limit on the tokens of a response; -1: no limit.', {
    unit: 'tokens',
  }),
  seed: honours(whole64, 'The seed of the sampling; the same seed gives the same response.'),
  temperature: honours(number(0), 'The temperature of the sampling; 0 always takes the likeliest token.'),
  top_k: honours(whole(0), 'The number of likeliest tokens that are sampled from.'),
  top_p: honours(number(0), 'The share of probability that the sampled tokens cover together.'),
  min_p: honours(number(0), 'The least probability of a sampled token, relative to the likeliest one.'),
  typical_p: honours(number(0), 'The share of typical tokens that are sampled from (locally typical sampling).'),
  repeat_last_n: honours(
    whole(-1),
    'The number of last tokens in which repetitions are penalized; -1: the whole context.',
    {
      unit: 'tokens',
    },
  ),
  // Ollama’s runner dies with a penalty of 0.
  repeat_penalty: honours(number(0.01), 'The penalty on repetitions; 1 is none.'),
  presence_penalty: honours(number(), 'The penalty on tokens that have occurred.'),
  frequency_penalty: honours(number(), 'The penalty on tokens by how often they have occurred.'),
  stop: honours(anything, 'Texts that end a response: one, or a list.', {
    shape: { type: ['string', 'array'], items: { type: 'string' } },
  }),
} satisfies Section;
