import type { Rule } from './rule.ts';

/** The reason against a further command before the start. */
export const COMMAND = 'it runs a command of its own, and a failure of it fails the start';

/** The command that lets an instance reach its backends. */
const ALLOWING = /^\+.*set-property .*IPAddressAllow=/;

/** Commands before the start of an instance: none, or that of litellm_restrict_egress. */
export const EGRESS_COMMAND: Rule = {
  ours: ({ restrictEgress }) => (restrictEgress === true ? ["+/bin/sh -c '… set-property … IPAddressAllow=…'"] : []),
  breaks: (values, { restrictEgress }) => {
    if (restrictEgress !== true) return values.length === 0 ? undefined : COMMAND;
    // A drop-in has hxllm's words before its own, as `ours` has them.
    const [first, ...more] = values;
    if (first === undefined) return 'the gateway reaches no Ollama server';
    return more.length === 0 && ALLOWING.test(first) ? undefined : COMMAND;
  },
};

/** The filter of addresses of an instance: none, or that of litellm_restrict_egress. */
export const EGRESS_FILTER: Rule = {
  ours: ({ restrictEgress }) => (restrictEgress === true ? ['any'] : []),
  breaks: (values, { restrictEgress }) => {
    if (restrictEgress === true)
      return values.length > 0 && values.every((value) => value === 'any')
        ? undefined
        : 'the filter is another one than that of litellm_restrict_egress';
    return values.length === 0 ? undefined : 'it may cut the gateway off from clients and Ollama servers';
  },
};
