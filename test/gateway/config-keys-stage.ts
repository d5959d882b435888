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

/** The strategy's choice, as the header says it last. */
export const choice = (response: Response): string | undefined => route(response)?.split(', ').at(-1);

export const route = (response: Response): string | null => response.headers.get('x-hxllm-route');
