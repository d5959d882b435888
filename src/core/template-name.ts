/** The templates of a host's files. `config.yaml` has none: it is built as data. */
export const TEMPLATE_NAMES = ['litellm.service', 'litellm@.service', 'litellm.socket', 'litellm.env'] as const;

/** The name of a template, and of the file on the host. */
export type TemplateName = (typeof TEMPLATE_NAMES)[number];

/** The operator's own templates, by name: `file` is their path in messages. */
export type OperatorTemplates = ReadonlyMap<TemplateName, { readonly file: string; readonly text: string }>;

/** Whether a file on the host comes from a template that an operator may replace. */
export function isTemplateName(name: string): name is TemplateName {
  return TEMPLATE_NAMES.some((template) => template === name);
}
