import { KEY } from '../gateway/load.ts';

/** Asks a gateway that others started for its models; throws an error that says what it has to do if it does not answer. */
export async function assertAnswers(name: string, url: string, servers: readonly string[]): Promise<void> {
  const found = await fetch(new URL('/v1/models', url), {
    headers: { authorization: `Bearer ${KEY}` },
    signal: AbortSignal.timeout(10_000),
  }).then(
    async (response) =>
      response.ok ? undefined : `${String(response.status)} ${(await response.text()).slice(0, 200)}`,
    (error: unknown) => String(error instanceof Error && error.cause instanceof Error ? error.cause : error),
  );
  if (found === undefined) return;
  throw new Error(
    `Expected ${name} to answer GET ${url.replace(/\/$/, '')}/v1/models with 200, found: ${found}\nIt takes the key ${KEY}, and sends its requests to ${servers.join(', ')} under their own names (Host: localhost).`,
  );
}
