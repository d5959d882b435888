import { ask, type Server } from './asking.ts';
import { until } from '../until.ts';

/** A model in memory. */
export interface Loaded {
  readonly name: string;
  readonly expires_at: string;
  readonly context_length: number;
}

/** The models in a server's memory. */
export async function loaded(server: Server): Promise<readonly Loaded[]> {
  const answer = await ask(server, 'GET', '/api/ps');
  return (JSON.parse(answer.text) as { models: readonly Loaded[] }).models; // its form is checked below
}

/** Unloads every model, and waits until memory is empty. */
export async function unloadAll(server: Server): Promise<void> {
  for (const { name } of await loaded(server))
    await ask(server, 'POST', '/api/generate', { model: name, keep_alive: 0 });
  await until('nothing in memory', async () => (await loaded(server)).length === 0, 20_000);
}
