import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

/** What a process of this machine has used so far, as the kernel tells in /proc (Linux only). */
export interface ProcessUsage {
  /** User and system time. */
  readonly cpuSeconds: number;
  /** Resident memory now. */
  readonly residentBytes: number;
  /** The most that it had since its start, or since {@link resetPeakMemory}. */
  readonly peakResidentBytes: number;
}

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** @throws Error where there is no such process */
export function processUsage(pid: number): ProcessUsage {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return {
    cpuSeconds: cpuSeconds(readFileSync(`/proc/${pid}/stat`, 'utf8')),
    residentBytes: kibibytes(status, 'VmRSS') * 1024,
    peakResidentBytes: kibibytes(status, 'VmHWM') * 1024,
  };
}

/** Resets the peak to the current value. A process of another user keeps its peak. */
export function resetPeakMemory(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
}

/** See proc(5): the name in brackets may hold anything; utime and stime are fields 14 and 15. */
function cpuSeconds(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

function kibibytes(status: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]);
}
