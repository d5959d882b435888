import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Settings } from '../../../src/config/config.ts';
import type { PortTrial } from '../../../src/core/host.ts';
import { ok } from '../../../src/core/problem.ts';
import type { CheckResult } from '../../../src/core/verdict.ts';
import { runPreflight } from '../../../src/phases/preflight/run.ts';
import { dnsAnswer, GOOD_NAMES } from './dns-answer.ts';
import { backendsOf, configOf, createAnsweringHost, hostOf, modelOf, toolsOf, type Answers } from './host.ts';

export const LLM01 = 'http://hx-llm01-server:11434';

export const LLM02 = 'http://hx-llm02-server:11434';

export const NOW_MS = 1_795_559_706_000;

export const said = (body: string): string => `HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n${body}`;

/** The recorded answer of a host. */
export const sample = (name: string): string =>
  readFileSync(new URL(`../../facts/samples/${name}.txt`, import.meta.url), 'utf8');

export const SETTINGS: Partial<Settings> = {
  requireDomainJoin: true,
  adminGroup: 'hx-llm-admins@dev-test.hana-x.ai',
  backends: backendsOf(LLM01, LLM02),
  models: [modelOf('phi3-3.8b', 'phi3:3.8b'), modelOf('llama', 'Llama3', [LLM02])],
};

/** A model as `/api/tags` lists it. */
export function listed(name: string, digest = 'c42568d0d477', modified = '2026-11-01T00:00:00Z'): object {
  return { name, digest, modified_at: modified };
}

/** The answer of `/api/tags` with these models. */
export function tags(...models: readonly object[]): string {
  return said(JSON.stringify({ models }));
}

export const TAGS = tags(listed('phi3:3.8b'), listed('llama3:latest', '7ff82408cd14'));

/** The answer about one model at a backend: `num_ctx` of its Modelfile, the context that it is loaded with, and its weights. */
export function details(
  name: string,
  { numCtx, loaded, weights = 'a' }: { numCtx?: number; loaded?: number; weights?: string },
): string {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const models = loaded === undefined ? [] : [{ name, context_length: loaded }];
  const parts = [
    'HTTP/1.0 200',
    ...(numCtx === undefined ? [] : [`"parameters":"num_ctx                        ${String(numCtx)}"`]),
    `FROM /usr/share/ollama/.ollama/models/blobs/sha256-${weights}`,
  ];
  return `loaded ${base64(JSON.stringify({ models }))}\nshown =${name} ${base64(parts.join('\n'))}\n`;
}

/** The line of a file system: free inodes are empty where it has no table of them. */
export function roomOf(folder: string, isWritable: string, bytes: string, inodes: string): string {
  const values = [`${folder}/litellm`, folder, '/', isWritable, bytes, inodes];
  return `room ${values.map((text) => (text === '' ? '-' : Buffer.from(text).toString('base64'))).join(' ')}\n`;
}

export const GOOD: Answers = {
  os: 'ID=debian\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
  machine: 'x86_64\n6.1.0-40-amd64\nglibc 2.36\n',
  systemd: 'systemd 252 (252.39-1~deb12u2)\nbooted=yes\nstate=running\n',
  identity: '1000\ndeploy\n',
  sudo: '',
  sudoLog: '',
  sudoRights: sample('sudo-list-all'),
  ownSudoRights: sample('sudo-list-all'),
  join: `tool =realm
realm ${Buffer.from('hana-x.ai\n  configured: kerberos-member').toString('base64')}
sssd ${Buffer.from('[sssd]\ndomains = hana-x.ai\n[domain/hana-x.ai]\nid_provider = ad').toString('base64')}
keytab =/etc/krb5.keytab =yes ${Buffer.from('HX$@HANA-X.AI').toString('base64')}
`,
  credential: sample('domain-credential-adcli'),
  sssd: sample('domain-sssd-online'),
  adminGroup: 'hx-llm-admins@dev-test.hana-x.ai:*:1284401103:alice@dev-test.hana-x.ai\n',
  clock: `${String(NOW_MS)}\nNTPSynchronized=yes\n`,
  programs: 'bash=5.2.15(1)-release\npython=\n',
  disk: '/\n8000000000 /\nrw,relatime\n',
  room: roomOf('/etc', 'yes', '8000000000', '500000'),
  runtime: 'runtime =/opt/litellm/runtimes/node-24.21.0-aaa/bin/node =used =litellm =0 =v24.21.0\n',
  libraries:
    'library =libstdc++.so.6 =/lib/x86_64-linux-gnu/libstdc++.so.6 =GLIBCXX_3.4.30\nlibrary =libgcc_s.so.1 =/lib/x86_64-linux-gnu/libgcc_s.so.1 -\n',
  fileLimits:
    'Max open files            1024                 524288               files     \nCapBnd:\t000001ffffffffff\nnr_open 1048576\nfile-nr 1758\t0\t2466177\n',
  confinement: readFileSync(join(import.meta.dirname, '../../facts/samples/confinement-nspawn.txt'), 'utf8')
    .replace('tmpfs', 'cgroup2fs')
    .replace('[not set]', '4096'),
  floating: '',
  reached: '10.77.0.1 50122 10.77.0.11 22',
  tools: '',
  addresses: '  |-- 10.77.0.11\n     /32 host LOCAL\ninet6\n',
  port: '  sl  local_address\n',
  foreign: '',
  existing: '',
  account: '',
  footprint: '',
  dropIns: '',
  trustStore: 'end\n',
  runtimeTls: '',
  dns: dnsAnswer(GOOD_NAMES),
  client: '10.77.0.1 50122 10.77.0.11 22',
  links: 'link host0 1500 0x1003\nv4 Iface Destination\nv4 host0 00000000 01004D0A 0003 0 0 0 00000000 0 0 0\n',
  firewall: '',
  proxies: '',
  [`reach ${LLM01}`]: '10.77.0.12\t0\t412\n',
  [`reach ${LLM02}`]: '10.77.0.13\t0\t388\n',
  'resolves dc1.hana-x.ai': '10.77.0.14 STREAM dc1.hana-x.ai\n',
  'resolves hx-llm01-server': '10.77.0.12 STREAM hx-llm01-server\n',
  'resolves hx-llm02-server': '10.77.0.13 STREAM hx-llm02-server\n',
  [`version ${LLM01}`]: said('{"version":"0.22.1"}'),
  [`version ${LLM02}`]: said('{"version":"0.22.1"}'),
  [`models ${LLM01}`]: TAGS,
  [`models ${LLM02}`]: TAGS,
  [`details ${LLM01}`]: details('phi3:3.8b', { numCtx: 4096 }),
  [`details ${LLM02}`]: details('phi3:3.8b', { numCtx: 4096 }),
};

export async function judge(
  answers: Answers,
  settings: Partial<Settings> = {},
  trial?: PortTrial,
): Promise<readonly CheckResult[]> {
  const host = hostOf('hx-api-server', { ...SETTINGS, ...settings });
  const tools = toolsOf(() => Promise.resolve(ok(createAnsweringHost('hx-api-server', answers, trial))), NOW_MS);
  return (await runPreflight(configOf([host]), tools)).results;
}
