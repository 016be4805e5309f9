// The templates that notifications use where the configuration sets none. Their names and their texts are an
// interface: configurations call them, and people's filters match what they print.

import { mailTemplates } from './mail-template.ts';

type Definitions = Readonly<Record<string, string>>;

const call = (name: string, argument = '.'): string => `{{ template "${name}" ${argument} }}`;

const shared: Definitions = {
  __alertmanager: 'Alertmanager',
  __alertmanagerURL: '{{ .ExternalURL }}/#/alerts?receiver={{ .Receiver | urlquery }}',
  __description: '',
  __subject:
    '[{{ .Status | toUpper }}{{ if eq .Status "firing" }}:{{ len .Alerts.Firing }}{{ end }}]' +
    ' {{ join " " .GroupLabels.SortedPairs.Values }}' +
    ' {{ if gt (len .CommonLabels) (len .GroupLabels) }}' +
    '({{ with .CommonLabels.Remove .GroupLabels.Names }}{{ join " " .Values }}{{ end }}){{ end }}',
  __text_alert_list: alertList({ before: '', indent: ' ' }),
  __text_alert_list_markdown: `${alertList({ before: '\n', indent: '  ' })}\n`,
};

/** Labels, annotations and source of each alert; `before` each of the three parts. */
function alertList({ before, indent }: { before: string; indent: string }): string {
  const pairs = (title: string, of: string): string =>
    `${before}${title}:\n{{ range ${of}.SortedPairs }}${indent}- {{ .Name }} = {{ .Value }}\n{{ end }}`;
  return `{{ range . }}${pairs('Labels', '.Labels')}${pairs('Annotations', '.Annotations')}${before}Source: {{ .GeneratorURL }}\n{{ end }}`;
}

const annotations = '{{ join " " .CommonAnnotations.SortedPairs.Values }}\n';

/** What fires and what has ended, without an empty line around either. */
const close =
  `{{ if .Alerts.Firing }}Alerts Firing:\n${call('__text_alert_list', '.Alerts.Firing')}{{ end }}\n` +
  `{{ if .Alerts.Resolved }}Alerts Resolved:\n${call('__text_alert_list', '.Alerts.Resolved')}{{ end }}`;

/** The same with empty lines, which some services need to keep paragraphs apart. */
function wide(heading: string, list: string): string {
  const part = (which: 'Firing' | 'Resolved'): string =>
    `{{ if .Alerts.${which} }}\n${heading}Alerts ${which}:\n${call(list, `.Alerts.${which}`)}\n{{ end }}\n`;
  return part('Firing') + part('Resolved');
}

const wideText = wide('', '__text_alert_list');
const wideMarkdown = `\n${wide('# ', '__text_alert_list_markdown')}`;
const subject = call('__subject');
const sender = call('__alertmanager');
const link = call('__alertmanagerURL');
const color = '{{ if eq .Status "firing" }}danger{{ else }}good{{ end }}';

/** The gravest severity of the firing alerts, or of the resolved ones when nothing fires any more. */
const jiraPriority =
  '{{- $critical := false }}{{ $warning := false }}{{ $info := false }}{{ $of := .Alerts.Firing }}' +
  '{{ $none := true }}{{ range .Alerts.Firing }}{{ if match "^(critical|warning|info)$" .Labels.severity }}' +
  '{{ $none = false }}{{ end }}{{ end }}{{ if $none }}{{ $of = .Alerts.Resolved }}{{ end }}' +
  '{{ range $of }}{{ if eq .Labels.severity "critical" }}{{ $critical = true }}' +
  '{{ else if eq .Labels.severity "warning" }}{{ $warning = true }}' +
  '{{ else if eq .Labels.severity "info" }}{{ $info = true }}{{ end }}{{ end }}' +
  '{{ if $critical }}High{{ else if $warning }}Medium{{ else if $info }}Low{{ end }}';

const ofService: Readonly<Record<string, Definitions>> = {
  slack: {
    title: subject,
    username: sender,
    fallback: `${call('slack.default.title')} | ${call('slack.default.titlelink')}`,
    callbackid: '',
    pretext: '',
    titlelink: link,
    iconemoji: '',
    iconurl: '',
    text: '',
    footer: '',
    color,
  },
  pagerduty: {
    description: subject,
    client: sender,
    clientURL: link,
    instances: call('__text_alert_list'),
  },
  opsgenie: { message: subject, description: annotations + close, source: link },
  wechat: {
    message: `${subject}\n${annotations}${close}\nAlertmanagerUrl:\n${link}`,
    to_user: '',
    to_party: '',
    to_tag: '',
    agent_id: '',
  },
  victorops: { state_message: annotations + close, entity_display_name: subject, monitoring_tool: sender },
  pushover: { title: subject, message: annotations + wideText, url: link },
  sns: { subject, message: annotations + wideText },
  telegram: { message: `\n${wideText}` },
  discord: { content: '', title: subject, message: `\n${wideText}` },
  webex: { message: annotations + wideText },
  msteams: { summary: subject, title: subject, text: wideMarkdown },
  msteamsv2: { title: subject, text: wideMarkdown },
  jira: { summary: subject, description: wideMarkdown, priority: jiraPriority },
  rocketchat: { title: subject, alias: sender, titlelink: link, emoji: '', iconurl: '', text: '' },
  mattermost: {
    color,
    username: sender,
    title: subject,
    titlelink: link,
    fallback: `${call('mattermost.default.title')} | ${call('mattermost.default.titlelink')}`,
    text: wideMarkdown,
  },
  email: mailTemplates,
};

/** The source of all default templates. */
export const defaultTemplates: string = [
  ...Object.entries(shared),
  ...Object.entries(ofService).flatMap(([service, definitions]) =>
    Object.entries(definitions).map(([name, body]) => [`${service}.default.${name}`, body] as const),
  ),
]
  .map(([name, body]) => `{{ define "${name}" }}${body}{{ end }}`)
  .join('\n');
