import { type FakeUpstream } from './fake-upstream.ts';
import { startGateway, type Running } from './running.ts';

export type Row = readonly [alias: string, server: Pick<FakeUpstream, 'url'>, params?: object];

/** A gateway with these deployments. */
export function gatewayOf(rows: readonly Row[], more: object = {}): Promise<Running> {
  return startGateway([], {
    model_list: rows.map(([model_name, { url }, params]) => ({
      model_name,
      litellm_params: { model: 'ollama_chat/m', api_base: url, ...params },
    })),
    ...more,
  });
}

export const route = (response: Response): string | null => response.headers.get('x-hxllm-route');
