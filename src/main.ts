// Node.js opens its inspector on SIGUSR1 unless the signal has a listener: before all else is loaded.
process.on('SIGUSR1', () => undefined);

const { run } = await import('./program.ts');
process.exitCode = await run(process.argv.slice(2));
