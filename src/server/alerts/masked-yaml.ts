// A configuration as it may be shown: every value with a secret in it is replaced as a whole, as Alertmanager does, so
// that what is shown can still be read as a configuration.

import { isScalar, parseDocument, visit } from 'yaml';

const mask = '<secret>';

export function maskedYaml(text: string, secrets: readonly string[]): string {
  const document = parseDocument(text);
  visit(document, {
    Scalar(key, node) {
      if (key === 'key' || !isScalar(node) || typeof node.value !== 'string') return;
      const { value } = node;
      if (secrets.some((secret) => value.includes(secret))) node.value = mask;
    },
  });
  return document.toString();
}
