import { victoriaMetricsServer } from '../fixtures/real-servers.ts';
import { describeGoldenCases } from './golden-cases.ts';

describeGoldenCases(await victoriaMetricsServer('1.145'));
