import { hostname } from 'node:os';
import { BlockList, isIP } from 'node:net';

const ORIGINS =
  /^(?:https?:\/\/(?:localhost|127\.0\.0\.1|0\.0\.0\.0)(?::\d+)?|(?:app|file|tauri|vscode-webview|vscode-file):\/\/.*)$/;

const LOCAL = new BlockList();
LOCAL.addSubnet('127.0.0.0', 8);
LOCAL.addSubnet('10.0.0.0', 8);
LOCAL.addSubnet('172.16.0.0', 12);
LOCAL.addSubnet('192.168.0.0', 16);
LOCAL.addAddress('::1', 'ipv6');
LOCAL.addSubnet('fc00::', 7, 'ipv6');

/** Whether a web page of that origin may send requests. A request without `Origin` comes from no page. */
export function admitsOrigin(origin: string | undefined): boolean {
  return origin === undefined || ORIGINS.test(origin);
}

/**
 * Whether a server on that address answers requests with that `Host`. A server on a local address accepts only local
 * names, which prevents DNS rebinding.
 */
export function admitsHost(address: string, host: string | undefined): boolean {
  if (!isLocal(address) || host === undefined) return true;
  const name = host.replace(/:\d+$/, '').replaceAll(/[[\]]/g, '').toLowerCase();
  if (isIP(name) > 0) return isLocal(name);
  return (
    name === '' ||
    name === 'localhost' ||
    name === hostname().toLowerCase() ||
    /\.(?:localhost|local|internal)$/.test(name)
  );
}

function isLocal(address: string): boolean {
  const kind = isIP(address);
  return kind > 0 && address !== '0.0.0.0' && address !== '::' && LOCAL.check(address, kind === 6 ? 'ipv6' : 'ipv4');
}
