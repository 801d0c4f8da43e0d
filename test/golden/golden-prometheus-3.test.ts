import { prometheusServer } from '../fixtures/real-servers.ts';
import { describeGoldenCases } from './golden-cases.ts';

describeGoldenCases(await prometheusServer('3.5'));
