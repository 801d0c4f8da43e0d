import { describe, expect, it } from 'vitest';
import { compiledRule } from '../../../test/fixtures/rules.ts';
import { builtinResourceMapper } from '../../kubernetes/discovery/builtin-resources.ts';
import type { RuleFault } from '../fault.ts';
import { checkOverrides } from './check-overrides.ts';

function faultsOf(
  overrides: Readonly<Record<string, string>>,
  unknownResource: 'error' | 'warning' = 'error',
): readonly RuleFault[] {
  const faults: RuleFault[] = [];
  const { resources } = compiledRule({ overrides });
  checkOverrides(resources, ['a', 'b'], builtinResourceMapper(), { unknownResource }, (fault) =>
    faults.push(fault),
  );
  return faults;
}

describe('checkOverrides', () => {
  it('accepts overrides for different resources', () => {
    expect(faultsOf({ ns: 'namespace', pod: 'pods', deployment: 'deployment.apps' })).toEqual([]);
  });

  it.each([
    ['', 'an override names a resource: expected e.g. {resource: pod}'],
    ['widget', 'no resource "widget" is known: expected the plural or singular name of one, '],
    ['podz', 'no resource "podz" is known: did you mean "pods"? expected '],
    ['pod.apps', 'no resource "pod" of the group "apps" is known: pods belong to the core group'],
    [
      'deployment.extensions',
      'no resource "deployment" of the group "extensions" is known: deployments belong to the group "apps"',
    ],
    ['podz.x.io', 'no resource "podz" of the group "x.io" is known: did you mean "pods"? '],
  ])('reports that %j is not a resource', (name, message) => {
    const found = { path: ['a', 'b', 'x'], message: expect.stringContaining(message) };
    expect(faultsOf({ x: name })).toEqual([{ severity: 'error', ...found }]);
    const severity = name === '' ? 'error' : 'warning';
    expect(faultsOf({ x: name }, 'warning')).toEqual([{ severity, ...found }]);
  });

  it('warns about each further label for a resource', () => {
    const message = (label: string) =>
      `the label "${label}" already maps to pods: for a series with both labels, "${label}" is used`;
    expect(faultsOf({ '': '', one: 'pod', two: 'pods', three: 'podz', four: 'pod' })).toMatchObject(
      [
        { severity: 'error', path: ['a', 'b', ''] },
        { severity: 'warning', path: ['a', 'b', 'two'], message: message('one') },
        { severity: 'error', path: ['a', 'b', 'three'] },
        { severity: 'warning', path: ['a', 'b', 'four'], message: message('one') },
      ],
    );
  });
});
