// Schedule and Workflow in Chaos Mesh's fields, with what its webhook asks of them. The specs of the faults inside are
// checked by the schemas of their kinds.

import { z } from 'zod';
import { complain, duration, list, text } from '../../base/scalars.ts';
import { chaosMeshFaultKinds, embeddedKeys } from '../../faults/chaos-mesh/kinds.ts';
import { statusCheckSchema } from '../../faults/chaos-mesh/status-check.ts';
import { cronMistake } from './cron.ts';
import { parseCondition } from './expression.ts';

/** Kinds that break nothing by themselves, but start what does. */
export const orchestrationKinds = ['Schedule', 'Workflow'] as const;

const embedded = z.record(z.string(), z.unknown()).optional();

const embeddedFields = {
  awsChaos: embedded,
  azureChaos: embedded,
  blockChaos: embedded,
  dnsChaos: embedded,
  gcpChaos: embedded,
  httpChaos: embedded,
  ioChaos: embedded,
  jvmChaos: embedded,
  kernelChaos: embedded,
  networkChaos: embedded,
  physicalmachineChaos: embedded,
  podChaos: embedded,
  stressChaos: embedded,
  timeChaos: embedded,
} satisfies Record<(typeof embeddedKeys)[keyof typeof embeddedKeys], typeof embedded>;

const cronExpected = 'a cron expression such as "*/5 * * * *", or @every 30s';

const cron = z
  .string()
  .superRefine((written, context) => {
    const mistake = cronMistake(written);
    if (mistake !== undefined) complain(context, 'FD133', mistake, { expected: cronExpected });
  })
  .meta({ expected: cronExpected });

const scheduleFields = {
  schedule: cron,
  startingDeadlineSeconds: z.int().min(1).nullable().optional(),
  concurrencyPolicy: z.enum(['Forbid', 'Allow']).optional(),
  historyLimit: z.int().min(1).optional(),
  ...embeddedFields,
};

/** A Schedule inside a Workflow starts no Workflows. */
const nestedScheduleSchema = z
  .strictObject({ ...scheduleFields, type: z.enum(chaosMeshFaultKinds) })
  .superRefine(checkEmbedded);

const anything = z.unknown().optional();

/** A container of Kubernetes; what is not read here says how an image is run. */
const container = z.strictObject({
  name: text,
  image: z.string().optional(),
  command: list(z.string()).optional(),
  args: list(z.string()).optional(),
  env: list(
    z.strictObject({ name: text, value: z.string().optional(), valueFrom: z.looseObject({}).optional() }),
  ).optional(),
  workingDir: z.string().optional(),
  envFrom: anything,
  imagePullPolicy: anything,
  lifecycle: anything,
  livenessProbe: anything,
  ports: anything,
  readinessProbe: anything,
  resizePolicy: anything,
  resources: anything,
  restartPolicy: anything,
  restartPolicyRules: anything,
  securityContext: anything,
  startupProbe: anything,
  stdin: anything,
  stdinOnce: anything,
  terminationMessagePath: anything,
  terminationMessagePolicy: anything,
  tty: anything,
  volumeDevices: anything,
  volumeMounts: anything,
});

const taskSchema = z.strictObject({
  container: container.optional(),
  volumes: list(z.looseObject({ name: text })).optional(),
  labels: z.record(z.string(), z.string()).optional(),
});

const branchSchema = z.strictObject({
  target: text,
  expression: z
    .string()
    .superRefine((written, context) => {
      const parsed = parseCondition(written);
      if (!parsed.ok)
        complain(context, 'FD134', parsed.message, {
          offset: parsed.offset,
          expected: 'a condition such as exitCode == 0 && stdout == "yes"',
        });
    })
    .optional(),
});

const nodeTypes = ['Serial', 'Parallel', 'Suspend', 'Task', 'StatusCheck', 'Schedule'] as const;

const templateName = text
  .max(253)
  .refine((name) => /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(name), {
    error: (issue) => `${JSON.stringify(issue.input)} is no name`,
    params: { expected: 'small letters, digits, `-` and `.`, a letter or digit first and last' },
  });

const templateSchema = z
  .strictObject({
    name: templateName,
    templateType: z.enum([...nodeTypes, ...chaosMeshFaultKinds]),
    deadline: duration.optional(),
    children: list(z.string()).optional(),
    task: taskSchema.optional(),
    conditionalBranches: list(branchSchema).optional(),
    schedule: nestedScheduleSchema.optional(),
    statusCheck: statusCheckSchema.optional(),
    abortWithStatusCheck: z.boolean().optional(),
    ...embeddedFields,
  })
  .superRefine(checkTemplate);

export type TemplateFields = z.output<typeof templateSchema>;

export const workflowSchema = z.strictObject({
  entry: text,
  templates: list(templateSchema).min(1),
});

export type WorkflowFields = z.output<typeof workflowSchema>;

export const scheduleSchema = z
  .strictObject({
    ...scheduleFields,
    type: z.enum([...chaosMeshFaultKinds, 'Workflow']),
    workflow: workflowSchema.optional(),
  })
  .superRefine(checkEmbedded);

export type ScheduleFields = z.output<typeof scheduleSchema>;

/** What a Schedule starts stands under the key of its type. */
function checkEmbedded(schedule: Readonly<Record<string, unknown>>, context: z.core.$RefinementCtx): void {
  const type = schedule.type as keyof typeof embeddedKeys | 'Workflow';
  const key = type === 'Workflow' ? 'workflow' : embeddedKeys[type];
  if (schedule[key] === undefined)
    complain(context, 'FD107', `type ${type} needs what it starts`, { expected: key });
}

/** Keys that belong to one type of template; those of the other types must not be there. */
function checkTemplate(template: Readonly<Record<string, unknown>>, context: z.core.$RefinementCtx): void {
  const type = template.templateType as TemplateFields['templateType'];
  const fault = type in embeddedKeys ? embeddedKeys[type as keyof typeof embeddedKeys] : undefined;
  const own: Readonly<Record<string, readonly string[]>> = {
    Serial: ['children'],
    Parallel: ['children'],
    Task: ['task', 'conditionalBranches'],
    StatusCheck: ['statusCheck'],
    Schedule: ['schedule'],
  };
  const allowed = fault === undefined ? (own[type] ?? []) : [fault];
  const holds = ['children', 'task', 'conditionalBranches', 'schedule', ...Object.values(embeddedKeys)];
  for (const key of holds) {
    const value = template[key];
    if (value === undefined || allowed.includes(key) || (Array.isArray(value) && value.length === 0))
      continue;
    complain(context, 'FD105', `not of a template of type ${type}`, { path: [key], expected: `no ${key}` });
  }
  const needed =
    type === 'Suspend' ? 'deadline' : type === 'Serial' || type === 'Parallel' ? undefined : allowed[0];
  if (needed !== undefined && template[needed] === undefined)
    complain(context, 'FD107', `a template of type ${type} needs ${needed}`, { expected: needed });
}
