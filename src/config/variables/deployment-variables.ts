import { integer, text, type VariableRecord } from './variable-type.ts';

/** The variables of the way from one instance of the gateway to the next. */
export const DEPLOYMENT_VARIABLES = {
  litellm_drain_timeout: {
    type: integer(0, 86_400),
    meaning:
      'How long an instance of the gateway that a deployment has replaced lets its running responses continue. It accepts nothing new meanwhile, and nothing waits for it.',
    unit: 's',
    default: 600,
  },
  litellm_gate_seconds: {
    type: integer(0, 3600),
    meaning:
      'How long a new instance of the gateway has to live before it takes over. A release that crashes within this time never takes a request.',
    unit: 's',
    default: 8,
  },
  litellm_gate_model: {
    type: text('a text without spaces', String.raw`\s*\S+\s*`),
    meaning:
      'The alias of `litellm_models` that a new instance has to give one real answer for before it takes over. It is asked only where the model is in memory, so nothing is loaded for it.',
    example: 'phi3-3.8b',
  },
} as const satisfies Readonly<Record<string, VariableRecord>>;
