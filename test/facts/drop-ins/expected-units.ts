import type { ExpectedUnits } from '../../../src/facts/drop-ins/rule.ts';

/** The units of a host with the default variables, below a root folder. */
export function expectedUnits(root: string, over: Partial<ExpectedUnits> = {}): ExpectedUnits {
  return {
    serviceUnit: `${root}/etc/systemd/system/litellm.service`,
    socketUnit: `${root}/etc/systemd/system/litellm.socket`,
    instanceUnit: `${root}/etc/systemd/system/litellm@.service`,
    user: 'litellm',
    group: 'litellm',
    configDir: '/etc/litellm',
    configFile: '/etc/litellm/config.yaml',
    envFile: '/etc/litellm/litellm.env',
    caFile: '/etc/litellm/ca.pem',
    authorities: undefined,
    installDir: '/opt/litellm',
    listen: '0.0.0.0',
    port: 4000,
    ...over,
  };
}
