import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import type { Config, HostConfig } from '../../src/config/config.ts';
import { loadConfig, type ConfigRequest } from '../../src/config/load.ts';
import { variablesSchema } from '../../src/config/variables/variables-schema.ts';
import type { Problem, Result } from '../../src/core/problem.ts';
import { assertValid } from '../json-schema.ts';

const SCHEMA = variablesSchema();

/** A temporary folder with these files, removed at the end of its scope. */
export class Tree implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'hxllm-config-'));

  constructor(files: Readonly<Record<string, string>>) {
    for (const [path, text] of Object.entries(files)) this.write(path, text);
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), text);
  }

  writeBytes(path: string, bytes: Buffer): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), bytes);
  }

  /** Runs loadConfig on the files. If all is well with them, they must be valid by the published schema as well. */
  async load(request: Partial<ConfigRequest> = {}): Promise<Result<Config>> {
    const result = await loadConfig({
      cwd: this.folder,
      home: join(this.folder, 'home'),
      userName: 'operator',
      environment: {},
      inventories: [],
      limit: undefined,
      vaultPasswordFile: undefined,
      askVaultPassword: undefined,
      ...request,
    });
    if (result.ok && result.value.warnings.every(({ code }) => code !== 'variables.unknown'))
      for (const [path, document] of this.#variables()) assertValid(SCHEMA, document, path);
    return result;
  }

  /** The variables files in YAML that are not encrypted, by path. */
  #variables(): readonly (readonly [string, unknown])[] {
    return globSync('**/{group,host}_vars/**/*.{yml,yaml}', { cwd: this.folder }).flatMap((path) => {
      const text = readFileSync(join(this.folder, path), 'utf8');
      return text.startsWith('$ANSIBLE_VAULT') ? [] : [[path, parse(text, { logLevel: 'silent' })] as const];
    });
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The configuration. Throws the Problems of a failure. */
export function configOf(result: Result<Config>): Config {
  if (!result.ok) throw new Error(JSON.stringify(result.problems, undefined, 1));
  return result.value;
}

/** The first host. */
export function hostOf(result: Result<Config>): HostConfig {
  const [host] = configOf(result).hosts;
  if (host === undefined) throw new Error('no host');
  return host;
}

/** The Problems of a failure. Throws for a success. */
export function problemsOf(result: Result<unknown>): readonly Problem[] {
  if (result.ok) throw new Error('this should not have been read');
  return result.problems;
}

/** The guide's files, without the vault. */
export const GUIDE: Readonly<Record<string, string>> = {
  'inventories/dev.ini': '[litellm]\nhx-api-server ansible_host=192.0.2.1\n\n[llm]\nhx-llm[01:02]-server\n',
  'inventories/group_vars/all/main.yml': `litellm_models:
  - name: "phi3-3.8b"         # Alias name exposed via API
    provider: "ollama"
    model: "phi3:3.8b-mini-128k-instruct-q8_0"  # Actual Ollama model
  - name: "llama3-8b"
    provider: "ollama"
    model: "llama3:8b-instruct-q8_0"
litellm_backends:
  - "http://hx-llm01-server.dev-test.hana-x.ai:11434"
  - "http://hx-llm02-server.dev-test.hana-x.ai:11434"
`,
};
