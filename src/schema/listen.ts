import type { GatewayConfig, ListenAddress } from './config-types.ts';
import type { Issue } from './issue.ts';

/** Parses `host:port`, `[v6]:port` or `:port` (all addresses); `undefined` for other text. */
export function parseListen(text: string): ListenAddress | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) return undefined;
  return { host: match[1] ?? (match[2] === '' || match[2] === undefined ? '0.0.0.0' : match[2]), port };
}

/** Whether only this machine can reach an address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^(?:::ffff:)?127(?:\.\d{1,3}){3}$/.test(host);
}

/**
 * The issue if a gateway must not listen on `host`: other machines can reach it, there is no master key, and
 * `hxllm.open` is not set.
 */
export function exposureOf(config: GatewayConfig, host: string): Issue | undefined {
  if (config.masterKey.state !== 'none' || config.open || isLoopback(host)) return undefined;
  return {
    severity: 'error',
    code: 'config.exposed',
    path: ['general_settings', 'master_key'],
    message: `expected a master key to listen on ${host}, which other machines can reach, found none`,
    fix: 'set general_settings.master_key to os.environ/LITELLM_MASTER_KEY, or hxllm.open to true if everyone may use the gateway',
  };
}
