// What becomes of each published file of OpenSLO and its SDK, read by itself with v2alpha on, and why where upstream's
// tests do not say it themselves: they check one object at a time, and follow references only where a test inlines.

export interface Expectation {
  readonly file: string;
  /** The codes that refuse it, each once; none: accepted. */
  readonly refusedBy: readonly string[];
  /** Codes of its warnings, each once. */
  readonly warnings: readonly string[];
  readonly reason: string;
}

const elsewhere = 'names objects that no file beside it holds; upstream leaves such names as they are';
const inlineRefuses = "upstream's inliner refuses it, as its name says";

const accepted = (file: string, warnings: readonly string[], reason: string): Expectation => ({
  file,
  refusedBy: [],
  warnings,
  reason,
});

const refused = (file: string, refusedBy: readonly string[], reason: string): Expectation => ({
  file,
  refusedBy,
  warnings: [],
  reason,
});

export const expectations: readonly Expectation[] = [
  accepted(
    'openslo/budgeting-method/occurences-slo.yaml',
    ['FD852', 'FD853'],
    'an example of the specification; alertPolicies is empty, and the source is any',
  ),
  accepted(
    'openslo/budgeting-method/ratio-timeslices.yaml',
    ['FD852', 'FD853'],
    'an example of the specification; op stands on a ratio',
  ),
  accepted(
    'openslo/budgeting-method/timeslices-slo.yaml',
    ['FD852', 'FD853'],
    'an example of the specification; its window is a minute, not the month that its comment says',
  ),
  accepted(
    'openslo/treat-low-traffic-as-equally-important/timeslices-slo.yaml',
    ['FD852', 'FD853'],
    'an example of the specification; op stands on a ratio',
  ),
  accepted('openslo-sdk/alert_conditions.yaml', ['FD852'], 'an example of the SDK; one alerts of a low rate'),
  accepted('openslo-sdk/alert_notification_targets.yaml', [], 'an example of the SDK'),
  refused('openslo-sdk/alert_policies.yaml', ['FD110'], elsewhere),
  accepted('openslo-sdk/data_sources.yaml', [], 'an example of the SDK'),
  accepted('openslo-sdk/services.yaml', ['FD111'], 'an example of the SDK; one service stands in it twice'),
  accepted(
    'openslo-sdk/slis.yaml',
    ['FD853'],
    'an example of the SDK; two of its sources are not Prometheus',
  ),
  accepted('openslo-sdk/slos.yaml', ['FD852'], 'an example of the SDK; op stands on a ratio'),
  accepted('openslo-sdk/test_data/decode/sequence_of_objects.json', [], 'upstream decodes it'),
  accepted('openslo-sdk/test_data/decode/sequence_of_objects.yaml', [], 'upstream decodes it'),
  accepted('openslo-sdk/test_data/decode/single_object.json', [], 'upstream decodes it'),
  accepted('openslo-sdk/test_data/decode/single_object.yaml', [], 'upstream decodes it'),
  accepted('openslo-sdk/test_data/decode/two_documents.yaml', [], 'upstream decodes it'),
  accepted(
    'openslo-sdk/test_data/decode/v1_slos.yaml',
    ['FD852'],
    'upstream decodes it; it has no timeWindow, which the specification calls optional',
  ),
  accepted(
    'openslo-sdk/test_data/decode/v2alpha_data_source.yaml',
    ['FD852'],
    'upstream decodes it; its name has a capital letter',
  ),
  refused(
    'openslo-sdk/test_data/decode/v2alpha_slos.yaml',
    ['FD107'],
    'upstream only decodes it: it has no budgetingMethod, which both the text and the SDK require',
  ),
  accepted(
    'openslo-sdk/test_data/encode/v1_slo.json',
    ['FD852'],
    'upstream encodes it; it has no timeWindow',
  ),
  accepted(
    'openslo-sdk/test_data/encode/v1_slo.yaml',
    ['FD852'],
    'upstream encodes it; it has no timeWindow',
  ),
  refused('openslo-sdk/test_data/export/inputs/custom_config.yaml', ['FD110'], elsewhere),
  refused('openslo-sdk/test_data/export/inputs/v1_alert_policies.yaml', ['FD110'], elsewhere),
  refused('openslo-sdk/test_data/export/inputs/v1_slo.yaml', ['FD110'], elsewhere),
  refused('openslo-sdk/test_data/export/outputs/custom_config.yaml', ['FD110'], elsewhere),
  refused('openslo-sdk/test_data/export/outputs/v1_alert_policies.yaml', ['FD110'], elsewhere),
  refused('openslo-sdk/test_data/export/outputs/v1_slo.yaml', ['FD110'], elsewhere),
  refused('openslo-sdk/test_data/inline/inputs/custom_config.yaml', ['FD110'], elsewhere),
  refused(
    'openslo-sdk/test_data/inline/inputs/v1_alert_policies_invalid_condition.yaml',
    ['FD110'],
    inlineRefuses,
  ),
  refused(
    'openslo-sdk/test_data/inline/inputs/v1_alert_policies_invalid_target.yaml',
    ['FD110'],
    inlineRefuses,
  ),
  accepted(
    'openslo-sdk/test_data/inline/inputs/v1_alert_policies_keep_refs.yaml',
    ['FD852'],
    'upstream inlines it',
  ),
  accepted(
    'openslo-sdk/test_data/inline/inputs/v1_alert_policies_remove_refs.yaml',
    ['FD852'],
    'upstream inlines it',
  ),
  accepted('openslo-sdk/test_data/inline/inputs/v1_slo.yaml', ['FD852'], 'upstream inlines it'),
  refused(
    'openslo-sdk/test_data/inline/inputs/v1_slo_invalid_policy.yaml',
    ['FD107', 'FD110'],
    'its name says so; its threshold also has no value',
  ),
  refused('openslo-sdk/test_data/inline/inputs/v1_slo_invalid_sli.yaml', ['FD110'], inlineRefuses),
  refused(
    'openslo-sdk/test_data/inline/inputs/v1_slo_invalid_target.yaml',
    ['FD107', 'FD110'],
    'its name says so; its threshold also has no value',
  ),
  refused('openslo-sdk/test_data/inline/outputs/custom_config.yaml', ['FD110'], elsewhere),
  accepted(
    'openslo-sdk/test_data/inline/outputs/v1_alert_policies_keep_refs.yaml',
    ['FD852'],
    'what upstream writes',
  ),
  accepted(
    'openslo-sdk/test_data/inline/outputs/v1_alert_policies_remove_refs.yaml',
    ['FD852'],
    'what upstream writes',
  ),
  accepted('openslo-sdk/test_data/inline/outputs/v1_slo.yaml', ['FD852'], 'what upstream writes'),
];
