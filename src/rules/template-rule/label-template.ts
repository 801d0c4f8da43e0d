import type { ClusterResource, ResourceMapper } from '../../apimachinery/cluster-resource.ts';
import { parseTemplate, type Template, TemplateError } from '../../gotemplate/template.ts';
import { ANGLE_DELIMITERS } from '../../gotemplate/token.ts';
import { goStruct } from '../../gotemplate/value.ts';
import { rememberTexts } from '../../text/text-memo.ts';
import type { ReportFault, RuleFault } from '../fault.ts';
import { compileRegexp, type Regexp, RegexpError } from './regexp.ts';

/** `resources.template`, compiled. */
export interface LabelTemplate {
  /** The label of a resource, e.g. `kube_pod`; undefined if the template fails for it. */
  write(resource: ClusterResource): string | undefined;
  /**
   * The resource of a label: the inverse of {@link write}. It also accepts plural and upper-case names and
   * prefixes of a group (`k8s_work_job`).
   */
  read(label: string, mapper: ResourceMapper): ClusterResource | undefined;
}

const path = ['resources', 'template'];

/** The limit of the work for one label: the labels of all resources are written in one step. */
const MAX_WORK = 1000;

/**
 * Compiles a label template.
 *
 * @returns undefined if an error was reported
 */
export function compileLabelTemplate(text: string, report: ReportFault): LabelTemplate | undefined {
  const { template, faults } = compiledTemplate(text);
  for (const fault of faults) report(fault);
  return template;
}

/** Cached, since most rules of a file have the same template. */
const compiledTemplate = rememberTexts(compileText, { most: 100, longest: 1000 });

function compileText(text: string): {
  readonly template: LabelTemplate | undefined;
  readonly faults: readonly RuleFault[];
} {
  const faults: RuleFault[] = [];
  try {
    const template = parseTemplate('resource-label', text, ANGLE_DELIMITERS, MAX_WORK);
    const pattern = readingPattern(template, (fault) => faults.push(fault));
    return { template: pattern && labelTemplate(template, pattern), faults };
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    const { explanation: message, offset } = error;
    return { template: undefined, faults: [{ severity: 'error', path, message, offset }] };
  }
}

/** The regular expression for labels: the output of the template for a capture group in each part. */
function readingPattern(template: Template, report: ReportFault): Regexp | undefined {
  const source = template.execute(
    goStruct('schema.GroupResource', { Group: '(?P<group>.+?)', Resource: '(?P<resource>.+?)' }),
  );
  if (source === '') {
    report({ severity: 'error', path, message: 'the template gives an empty label' });
    return undefined;
  }
  if (!source.includes('(?P<resource>.+?)')) {
    report({
      severity: 'error',
      path,
      message: 'the template must contain `<<.Resource>>`, or every resource has the same label',
    });
    return undefined;
  }
  try {
    return compileRegexp(`^${source}$`);
  } catch (error) {
    if (!(error instanceof RegexpError)) throw error;
    report({
      severity: 'error',
      path,
      message: `the text around \`<<.Resource>>\` is not a regular expression: ${error.message}`,
    });
    return undefined;
  }
}

function labelTemplate(template: Template, pattern: Regexp): LabelTemplate {
  const labels = new WeakMap<ClusterResource, { readonly label: string | undefined }>();
  const write = (resource: ClusterResource): string | undefined => {
    const known = labels.get(resource) ?? { label: writeLabel(template, resource) };
    labels.set(resource, known);
    return known.label;
  };
  const written = new WeakMap<ResourceMapper, ReadonlyMap<string, ClusterResource>>();

  return {
    write,
    read(label, mapper) {
      let labels = written.get(mapper);
      if (labels === undefined) {
        labels = labelsOf(mapper, write);
        written.set(mapper, labels);
      }
      return labels.get(label) ?? readByPattern(label, pattern, mapper);
    },
  };
}

function writeLabel(template: Template, resource: ClusterResource): string | undefined {
  try {
    return template.execute(
      goStruct('schema.GroupResource', {
        Group: resource.group.replaceAll(/[.-]/g, '_'),
        Resource: resource.singular,
      }),
    );
  } catch (error) {
    // The template fails for some resources only; one that fails for all is rejected before.
    if (error instanceof TemplateError) return undefined;
    throw error;
  }
}

/** The labels of all resources. If two have the same label, the first in the cluster's order is used. */
function labelsOf(
  mapper: ResourceMapper,
  write: (resource: ClusterResource) => string | undefined,
): ReadonlyMap<string, ClusterResource> {
  const labels = new Map<string, ClusterResource>();
  for (const resource of mapper.resources) {
    const label = write(resource);
    if (label && !labels.has(label)) labels.set(label, resource);
  }
  return labels;
}

function readByPattern(
  label: string,
  pattern: Regexp,
  mapper: ResourceMapper,
): ClusterResource | undefined {
  const groups = pattern.groups(label);
  const resource = groups?.get('resource');
  return resource ? mapper.find(groups?.get('group') ?? '', resource) : undefined;
}
