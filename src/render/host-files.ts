import { pathsOf, type Settings } from '../config/config.ts';
import { authoritiesText } from '../core/certificate.ts';
import { MARK_LINE } from '../core/mark.ts';
import { fail, ok, type Problem, type Result } from '../core/problem.ts';
import type { Secret } from '../core/secret.ts';
import { isTemplateName, type TemplateName } from '../core/template-name.ts';
import { secretContent, type Content, type DesiredFile } from './content.ts';
import { assignmentOf, quoteEnvironment } from './environment-file.ts';
import { buildGatewayConfig, writeGatewayConfig } from './gateway-yaml.ts';
import { renderTemplate, type TemplateValues } from './template.ts';
import { unitValues } from './unit-values.ts';

/** The master key for rendering, with the one before it during a rotation, or the reason why it is unknown. */
export type ResolvedMasterKey =
  | { readonly key: Secret; readonly previous?: Secret | undefined }
  | { readonly why: string };

/** Renders all files of a host: config.yaml, litellm.env and, with litellm_ca_file, ca.pem; and the units if systemd manages the host. */
export function renderHostFiles(settings: Settings, key: ResolvedMasterKey): Result<readonly DesiredFile[]> {
  const paths = pathsOf(settings);
  const managed = settings.serviceManager === 'systemd';
  const owner = managed ? 'root' : undefined;
  const group = managed ? settings.group : undefined;
  const config = buildGatewayConfig(settings);
  const environment = renderEnvironment(key, settings);
  const units = managed ? renderUnits(settings) : ok([]);
  const problems = [config, environment, units].flatMap((result): readonly Problem[] =>
    result.ok ? [] : result.problems,
  );
  const [first, ...more] = problems;
  if (!config.ok || !environment.ok || !units.ok)
    return first === undefined ? ok([]) : { ok: false, problems: [first, ...more] };
  return ok([
    {
      name: 'config.yaml',
      path: paths.configFile,
      owner,
      group,
      mode: 0o640,
      content: { kind: 'text', text: writeGatewayConfig(config.value, paths.configSchema) },
    },
    // systemd reads the key as root and gives it to the gateway; without systemd the user who runs the gateway does.
    {
      name: 'litellm.env',
      path: paths.envFile,
      owner,
      group: owner,
      mode: 0o600,
      content: environment.value,
    },
    ...(settings.authorities === undefined
      ? []
      : [
          {
            name: 'ca.pem',
            path: paths.caFile,
            owner,
            group,
            mode: 0o640,
            content: { kind: 'text' as const, text: authoritiesText(settings.authorities.certificates) },
          },
        ]),
    ...tlsFiles(settings, owner, group),
    ...units.value,
  ]);
}

/** The certificate and key of clients, where they are sent; the gateway's group may read them, and nobody else. */
function tlsFiles(
  { tls, ...settings }: Settings,
  owner: string | undefined,
  group: string | undefined,
): readonly DesiredFile[] {
  if (tls?.from !== 'sent') return [];
  const { tlsCertFile, tlsKeyFile } = pathsOf(settings);
  const file = { owner, group, mode: 0o640 };
  return [
    { ...file, name: 'tls-cert.pem', path: tlsCertFile, content: { kind: 'text', text: `${MARK_LINE}\n${tls.text}` } },
    {
      ...file,
      name: 'tls-key.pem',
      path: tlsKeyFile,
      content:
        tls.key === undefined
          ? { kind: 'unknown', why: 'the key is in an encrypted file: run again with --ask-vault-pass' }
          : secretContent(`${MARK_LINE}\n${tls.key.reveal()}`),
    },
  ];
}

const PREVIOUS_VARIABLE = 'litellm_master_key_previous';

function renderEnvironment(key: ResolvedMasterKey, settings: Settings): Result<Content> {
  if ('why' in key) return ok({ kind: 'unknown', why: key.why });
  const quoted = quoteEnvironment('litellm_master_key', key.key.reveal());
  if (!quoted.ok) return quoted;
  const previous = key.previous === undefined ? ok('') : quoteEnvironment(PREVIOUS_VARIABLE, key.previous.reveal());
  if (!previous.ok) return previous;
  const text = renderMarked('litellm.env', { mark: MARK_LINE, master_key: quoted.value }, settings);
  if (text.ok && assignmentOf('LITELLM_MASTER_KEY', text.value) !== quoted.value)
    return fail(lostLine(settings, 'litellm.env', 'LITELLM_MASTER_KEY={{master_key}}', 'the gateway gets no key'));
  if (text.ok && assignmentOf('LITELLM_MASTER_KEY_PREVIOUS', text.value) !== undefined)
    return fail(takenLine(settings, 'litellm.env', 'LITELLM_MASTER_KEY_PREVIOUS', PREVIOUS_VARIABLE));
  // systemd prefers the variables of this file to those of the unit.
  if (text.ok && settings.authorities !== undefined && assignmentOf('NODE_EXTRA_CA_CERTS', text.value) !== undefined)
    return fail(takenLine(settings, 'litellm.env', 'NODE_EXTRA_CA_CERTS', 'litellm_ca_file'));
  if (!text.ok) return text;
  // Behind the template's own lines, so that an operator's template needs no line for a rotation.
  const whole = `${text.value}${previous.value === '' ? '' : `LITELLM_MASTER_KEY_PREVIOUS=${previous.value}\n`}`;
  if (settings.serviceManager === 'systemd' || settings.authorities === undefined) return ok(secretContent(whole));
  // Without a unit the environment file is the only place for a variable of the gateway.
  const authorities = quoteEnvironment('litellm_prefix', pathsOf(settings).caFile);
  return authorities.ok ? ok(secretContent(`${whole}NODE_EXTRA_CA_CERTS=${authorities.value}\n`)) : authorities;
}

// In the order in which they are replaced: a host that is cut off in between starts with a gateway in any case.
function renderUnits(settings: Settings): Result<readonly DesiredFile[]> {
  const paths = pathsOf(settings);
  const values = unitValues(settings);
  if (!values.ok) return values;
  const files: DesiredFile[] = [];
  for (const [name, path, mode] of [
    ['litellm-failed@.service', paths.failedUnit, 0o644],
    ['litellm-drop-ins', paths.dropInGenerator, 0o755],
    ['litellm@.service', paths.instanceUnit, 0o644],
    ['litellm.socket', paths.socketUnit, 0o644],
    ['litellm.service', paths.serviceUnit, 0o644],
  ] as const) {
    const text = renderMarked(name, values.value, settings);
    if (!text.ok) return text;
    files.push({ name, path, owner: 'root', group: 'root', mode, content: { kind: 'text', text: text.value } });
  }
  return ok(files);
}

/** The operator's templates, and two that are hxllm's alone. */
type RenderedName = TemplateName | 'litellm-failed@.service' | 'litellm-drop-ins';

/** Renders a template whose first line, or the second of a script, is the mark, by which later runs know the file as hxllm's. */
function renderMarked(name: RenderedName, values: TemplateValues, settings: Settings): Result<string> {
  const own = isTemplateName(name) ? settings.templates?.get(name) : undefined;
  const text = renderTemplate(name, values, own);
  if (own === undefined || !text.ok || text.value.startsWith(`${MARK_LINE}\n`)) return text;
  return fail(lostLine(settings, name, '{{mark}}', 'the next run would take the file for somebody else’s'));
}

function lostLine(settings: Settings, name: RenderedName, line: string, why: string): Problem {
  const file = (isTemplateName(name) ? settings.templates?.get(name)?.file : undefined) ?? `templates/${name}`;
  const place = line === '{{mark}}' ? 'first' : 'own';
  return {
    code: 'config.template-lost',
    summary: `a template lost what the gateway needs: ${line}`,
    detail: `Expected the ${place} line ${line}, found none: ${why}.`,
    fix: `write ${line} as ${place === 'first' ? 'the first line' : 'a line of its own'} of ${file}`,
    where: { file },
  };
}

function takenLine(settings: Settings, name: TemplateName, variable: string, setting: string): Problem {
  const file = settings.templates?.get(name)?.file ?? `templates/${name}`;
  return {
    code: 'config.template-lost',
    summary: `a template sets what ${setting} sets: ${variable}`,
    detail: `Expected no line ${variable}= beside ${setting}, found one: the value of ${setting} would not reach the gateway.`,
    fix: `remove the line ${variable}= from ${file}`,
    where: { file },
  };
}
