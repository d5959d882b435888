import type { TlsFiles } from './config-types.ts';
import { variableOf, type Environment } from './environment.ts';
import { readSection, type IssueList } from './section.ts';
import { HXLLM_TLS } from './sections/hxllm.ts';

/**
 * The files of `hxllm.tls`, else of LiteLLM's variables `SSL_CERTFILE_PATH` and `SSL_KEYFILE_PATH`, which its flags `--ssl_certfile_path` and
 * `--ssl_keyfile_path` stand for (litellm/proxy/proxy_cli.py, 1.108.7). One of the two alone is an error: plain HTTP instead would be unsafe.
 */
export function tlsFilesOf(own: unknown, environment: Environment, findings: IssueList): TlsFiles | undefined {
  const path = ['hxllm', 'tls'];
  const { cert, key } =
    own === undefined
      ? {
          cert: variableOf(environment, 'SSL_CERTFILE_PATH'),
          key: variableOf(environment, 'SSL_KEYFILE_PATH'),
        }
      : readSection(HXLLM_TLS, own, path, findings);
  if (cert !== undefined && key !== undefined) return { certFile: cert, keyFile: key };
  if (own !== undefined || cert !== undefined || key !== undefined)
    findings.error(
      'config.tls',
      path,
      `expected a certificate and its key, found ${cert === undefined ? (key === undefined ? 'neither' : 'the key alone') : 'the certificate alone'}`,
      `set hxllm.tls.cert and hxllm.tls.key, or --ssl_certfile_path and --ssl_keyfile_path`,
    );
  return undefined;
}
