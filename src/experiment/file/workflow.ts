// From a Schedule or a Workflow as it is written to the nodes that run here, and the faults that they put in place.

import type { YamlPath } from '../../base/yaml.ts';
import { type ChaosMeshFaultKind, clusterOnly, embeddedKeys } from '../../faults/chaos-mesh/kinds.ts';
import type { FaultKindName, FaultSpec } from '../model.ts';
import { longest } from '../workflow/length.ts';
import type { ScheduleNode, WorkflowNode, WorkflowSpec } from '../workflow/model.ts';
import {
  type ScheduleFields,
  scheduleSchema,
  type TemplateFields,
  type WorkflowFields,
  workflowSchema,
} from '../workflow/schema.ts';
import { type FaultContext, faultNames, refuseClusterOnly, resolveFault } from './fault-resolution.ts';
import type { FaultFields } from './faults.ts';

interface Written {
  readonly name: string;
  readonly on: FaultFields['on'];
  readonly effect: FaultFields['effect'];
  /** Where it stands, and where its spec does. */
  readonly path: YamlPath;
  readonly specPath: YamlPath;
  /** Before the names of its faults, where other faults of the file may have the same. */
  readonly prefix: string;
}

export interface ResolvedWorkflow {
  readonly workflow: WorkflowSpec;
  readonly faults: readonly FaultSpec[];
}

/** Undefined when something in it is wrong or cannot be done here, and then that was noted. */
export function resolveOrchestration(
  context: FaultContext,
  kind: 'Schedule' | 'Workflow',
  written: Written,
): ResolvedWorkflow | undefined {
  const resolver = new Resolver(context, written);
  const entry = kind === 'Schedule' ? resolver.readSchedule() : resolver.readWorkflow();
  return entry === undefined ? undefined : resolver.result(entry);
}

class Resolver {
  readonly #context: FaultContext;
  readonly #written: Written;
  readonly #nodes: WorkflowNode[] = [];
  readonly #faults: FaultSpec[] = [];
  #isWhole = true;

  constructor(context: FaultContext, written: Written) {
    this.#context = context;
    this.#written = written;
  }

  /** The name of the node with which it begins. */
  readSchedule(): string | undefined {
    const { specPath } = this.#written;
    const fields = this.#context.reading.check(scheduleSchema, specPath);
    return fields && this.#schedule(fields, this.#written.name, undefined, specPath);
  }

  readWorkflow(): string | undefined {
    const { specPath } = this.#written;
    const fields = this.#context.reading.check(workflowSchema, specPath);
    return fields && this.#workflow(fields, specPath);
  }

  result(entry: string): ResolvedWorkflow | undefined {
    if (!this.#isWhole) return undefined;
    const reached = reachable(entry, this.#nodes);
    const nodes = this.#nodes.filter((node) => reached.has(node.name));
    const used = new Set(nodes.flatMap((node) => (node.type === 'Fault' ? [node.fault] : [])));
    const { name } = this.#written;
    const faults = this.#faults.filter((fault) => used.has(fault.name));
    return { workflow: { name, entry, nodes, lengthMs: longest(entry, nodes) }, faults };
  }

  #workflow(fields: WorkflowFields, path: YamlPath): string | undefined {
    const { reading } = this.#context;
    const names = fields.templates.map((template) => template.name);
    const templatesPath = [...path, 'templates'];
    const known = (name: string, at: YamlPath) => {
      if (names.includes(name)) return;
      reading.undefinedName('template', name, names, at);
      this.#isWhole = false;
    };
    known(fields.entry, [...path, 'entry']);
    for (const [index, template] of fields.templates.entries()) {
      const at = [...templatesPath, index];
      if (names.indexOf(template.name) < index) {
        reading.error(
          'FD111',
          `the template ${JSON.stringify(template.name)} is there already`,
          [...at, 'name'],
          {
            expected: 'another name',
          },
        );
        this.#isWhole = false;
      }
      for (const [child, name] of (template.children ?? []).entries())
        known(name, [...at, 'children', child]);
      for (const [branch, { target }] of (template.conditionalBranches ?? []).entries())
        known(target, [...at, 'conditionalBranches', branch, 'target']);
      this.#template(template, at);
    }
    const circle = circleFrom(fields.entry, this.#nodes);
    if (circle) {
      const at = [...templatesPath, names.indexOf(circle)];
      reading.error('FD135', `the template ${circle} calls itself`, at, {
        expected: 'templates that come to an end',
      });
      this.#isWhole = false;
    }
    return fields.entry;
  }

  #template(template: TemplateFields, path: YamlPath): void {
    const { name, templateType: type, deadline: deadlineMs } = template;
    const base = { name, deadlineMs };
    switch (type) {
      case 'Serial':
      case 'Parallel':
        this.#nodes.push({ ...base, type, children: template.children ?? [] });
        return;
      case 'Suspend':
        this.#nodes.push({ ...base, type });
        return;
      case 'StatusCheck':
        this.#nodes.push({
          ...base,
          type,
          check: template.statusCheck!,
          abort: template.abortWithStatusCheck ?? false,
        });
        return;
      case 'Task':
        this.#task(template, path);
        return;
      case 'Schedule':
        this.#schedule(template.schedule!, name, deadlineMs, [...path, 'schedule']);
        return;
      default:
        this.#fault(type, template, base, path, { ms: deadlineMs }, name);
    }
  }

  #task(template: TemplateFields, path: YamlPath): void {
    const { reading, onlyChecked } = this.#context;
    const { container } = template.task!;
    const at = [...path, 'task', 'container'];
    const command = [...(container?.command ?? []), ...(container?.args ?? [])];
    if (command.length === 0) {
      reading.error('FD130', `the task ${template.name} runs what its image says`, at, {
        expected: 'command: here a task is a program on this machine, and no image is pulled',
        ...(onlyChecked && { severity: 'warning' }),
      });
      this.#isWhole = false;
      return;
    }
    if (container?.image !== undefined)
      reading.error(
        'FD120',
        `the image ${container.image} is not pulled; the command runs on this machine`,
        [...at, 'image'],
        {
          severity: 'warning',
        },
      );
    const env = (container?.env ?? []).map(({ name, value }) => [name, value ?? '']);
    this.#nodes.push({
      name: template.name,
      deadlineMs: template.deadline,
      type: 'Task',
      command,
      env: Object.fromEntries(env),
      folder: container?.workingDir,
      branches: (template.conditionalBranches ?? []).flatMap(({ target, expression }) =>
        expression === undefined ? [] : [{ target, expression }],
      ),
    });
  }

  #schedule(
    fields: Omit<ScheduleFields, 'workflow' | 'type'> & {
      readonly type: ScheduleFields['type'];
      readonly workflow?: ScheduleFields['workflow'];
    },
    name: string,
    deadlineMs: number | undefined,
    path: YamlPath,
  ): string | undefined {
    const { type } = fields;
    const run = `${name}.${type === 'Workflow' ? 'workflow' : 'run'}`;
    let entry: string | undefined = run;
    if (type === 'Workflow') entry = this.#workflow(fields.workflow!, [...path, 'workflow']);
    else {
      const faultName = name === this.#written.name ? faultNames([{ kind: type }])[0]! : name;
      this.#fault(type, fields, { name: run, deadlineMs: undefined }, path, undefined, faultName);
    }
    if (entry === undefined) return undefined;
    const node: ScheduleNode = {
      type: 'Schedule',
      cron: fields.schedule,
      allowsOverlap: fields.concurrencyPolicy === 'Allow',
      startingDeadlineMs:
        fields.startingDeadlineSeconds == null ? undefined : fields.startingDeadlineSeconds * 1000,
      run: entry,
    };
    // `--duration` is how long a schedule goes on that nothing else ends.
    this.#nodes.push({ name, deadlineMs: deadlineMs ?? this.#context.durationMs, ...node });
    return name;
  }

  #fault(
    kind: ChaosMeshFaultKind,
    holder: Readonly<Record<string, unknown>>,
    base: Pick<WorkflowNode, 'name' | 'deadlineMs'>,
    path: YamlPath,
    deadline: { readonly ms: number | undefined } | undefined,
    faultName: string,
  ): void {
    const key = embeddedKeys[kind];
    const specPath = [...path, key];
    const spec = holder[key] as Readonly<Record<string, unknown>>;
    if (clusterOnly(kind)) {
      refuseClusterOnly(this.#context, kind, spec, specPath, specPath);
      this.#isWhole = false;
      return;
    }
    const { on, effect } = this.#written;
    const resolved = resolveFault(this.#context, {
      kind: kind as FaultKindName,
      on,
      effect,
      spec,
      path,
      specPath,
      ...(deadline && { deadline }),
    });
    if (!resolved) {
      this.#isWhole = false;
      return;
    }
    const name = `${this.#written.prefix}${faultName}`;
    this.#faults.push({ name, workflow: this.#written.name, ...resolved });
    this.#nodes.push({ ...base, type: 'Fault', fault: name, kind, durationMs: resolved.durationMs });
  }
}

function reachable(entry: string, nodes: readonly WorkflowNode[]): Set<string> {
  const reached = new Set<string>();
  const visit = (name: string): void => {
    if (reached.has(name)) return;
    reached.add(name);
    const node = nodes.find((each) => each.name === name);
    if (node) followers(node).forEach(visit);
  };
  visit(entry);
  return reached;
}

/** The first node on a way from the entry that leads back to itself. */
function circleFrom(entry: string, nodes: readonly WorkflowNode[]): string | undefined {
  const done = new Set<string>();
  const visit = (name: string, way: readonly string[]): string | undefined => {
    if (way.includes(name)) return name;
    if (done.has(name)) return undefined;
    const node = nodes.find((each) => each.name === name);
    for (const next of node ? followers(node) : []) {
      const found = visit(next, [...way, name]);
      if (found !== undefined) return found;
    }
    done.add(name);
    return undefined;
  };
  return visit(entry, []);
}

function followers(node: WorkflowNode): readonly string[] {
  switch (node.type) {
    case 'Serial':
    case 'Parallel':
      return node.children;
    case 'Task':
      return node.branches.map((branch) => branch.target);
    case 'Schedule':
      return [node.run];
    default:
      return [];
  }
}
