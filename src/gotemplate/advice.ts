import { nearestName } from '../text/nearest-name.ts';
import { type TemplateValue, typeName } from './value.ts';

// Go's messages name types of its own and nothing to choose from. These are for whoever wrote the
// template: what is not there, and what is.

/** A field that a value does not have. */
export function noSuchField(receiver: TemplateValue, name: string): string {
  const fields =
    typeof receiver === 'object' && receiver?.kind === 'struct' ? [...receiver.fields.keys()] : [];
  if (fields.length === 0) {
    return `there is no field \`.${name}\` here: ${describe(receiver)} has no fields`;
  }
  const meant = nearestName(name, fields);
  const listed = fields.map((field) => `.${field}`).join(', ');
  return `there is no field \`.${name}\`${didYouMean(meant && `.${meant}`)}: expected one of ${listed}`;
}

/** A name that is no function. */
export function noSuchFunction(name: string, functions: ReadonlySet<string>): string {
  // Whoever leaves the dot out means a field, and those begin with a capital letter.
  if (/^[A-Z]/.test(name)) {
    return `there is no function \`${name}\`: a field is written with a dot, \`.${name}\``;
  }
  const meant = nearestName(name, functions);
  const listed = [...functions].toSorted().join(', ');
  return `there is no function \`${name}\`${didYouMean(meant)}: expected one of ${listed}`;
}

function didYouMean(meant: string | undefined): string {
  return meant === undefined ? '' : ` (did you mean \`${meant}\`?)`;
}

function describe(value: TemplateValue): string {
  switch (typeof value) {
    case 'string':
      return 'a text';
    case 'bigint':
    case 'number':
      return 'a number';
    case 'boolean':
      return 'true or false';
    default:
      return typeof value === 'object' && value?.kind === 'strings'
        ? 'a list'
        : `a ${typeName(value)}`;
  }
}
