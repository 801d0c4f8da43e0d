import { nearestName } from '../text/nearest-name.ts';
import { type TemplateValue, typeName } from './value.ts';

// Go's messages have Go's types and no alternatives. These messages are for the author of the template: they
// name the unknown field and the known ones.

/** Advice for a field that does not exist. */
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

/** Advice for a function that does not exist. */
export function noSuchFunction(name: string, functions: ReadonlySet<string>): string {
  // A name with a capital letter is probably a field without its dot.
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
