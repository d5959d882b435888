import type { Deployment } from '../../../schema/gateway-config.ts';
import { isObject, type Json } from '../../json.ts';
import { modelInfoBody, providerName, type ModelFacts } from './model-info.ts';

/**
 * One entry of `/model_group/info`, as LiteLLM 1.108.7 writes it (ModelGroupInfo in types/router.py): the most that any deployment of
 * the alias can do, and the sum of their limits.
 */
export function modelGroupBody(
  alias: string,
  deployments: readonly { readonly deployment: Deployment; readonly facts: ModelFacts }[],
): Json {
  const infos = deployments.map(({ deployment, facts }) => {
    const info = modelInfoBody(alias, deployment, facts)['model_info'];
    return isObject(info) ? info : {};
  });
  const numbers = (name: string): readonly number[] =>
    infos.map((info) => info[name]).filter((value) => typeof value === 'number');
  const most = (name: string): number | null => {
    const found = numbers(name);
    return found.length === 0 ? null : Math.max(...found);
  };
  const first = (name: string): unknown => infos.find((info) => (info[name] ?? null) !== null)?.[name] ?? null;
  const isIn = (name: string): boolean => infos.some((info) => info[name] === true);
  return {
    model_group: alias,
    providers: [...new Set(deployments.map(({ deployment }) => providerName(deployment)))],
    max_input_tokens: most('max_input_tokens'),
    max_output_tokens: most('max_output_tokens'),
    input_cost_per_token: most('input_cost_per_token'),
    output_cost_per_token: most('output_cost_per_token'),
    input_cost_per_pixel: null,
    mode: first('mode'),
    tpm: sumOf(deployments.map(({ deployment }) => deployment.tpm)),
    rpm: sumOf(deployments.map(({ deployment }) => deployment.rpm)),
    itpm: null,
    otpm: null,
    supports_parallel_function_calling: isIn('supports_parallel_function_calling'),
    supports_vision: isIn('supports_vision'),
    supports_web_search: isIn('supports_web_search'),
    supports_url_context: isIn('supports_url_context'),
    supports_reasoning: isIn('supports_reasoning'),
    supports_function_calling: isIn('supports_function_calling'),
    supports_fast_mode: false,
    supported_reasoning_efforts: null,
    supported_openai_params: infos.at(-1)?.['supported_openai_params'] ?? [],
    configurable_clientside_auth_params: null,
    description: first('description'),
    is_public_model_group: false,
    health_status: null,
    health_response_time: null,
    health_checked_at: null,
  };
}

function sumOf(limits: readonly (number | undefined)[]): number | null {
  const given = limits.filter((limit) => limit !== undefined);
  return given.length === 0 ? null : given.reduce((sum, limit) => sum + limit, 0);
}
