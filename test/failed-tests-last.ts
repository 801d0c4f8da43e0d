import type { Reporter, TestModule } from 'vitest/node';

/** The names of what failed as the last lines, where they are found in a long or shortened log. */
export default class FailedTestsLast implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const failed = modules.filter((module) => !module.ok()).flatMap(namesOfFailed);
    if (failed.length > 0) console.log(['Failed:', ...failed, ''].join('\n  '));
  }
}

function namesOfFailed(module: TestModule): readonly string[] {
  const file = `${module.project.name}: ${module.relativeModuleId}`;
  const tests = [...module.children.allTests('failed')].map(({ fullName }) => fullName);
  return tests.length === 0 ? [file] : tests.map((name) => `${file} > ${name}`);
}
