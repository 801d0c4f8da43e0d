// Prevents the inspector of Node.js from opening on SIGUSR1. Must run before anything else is loaded.
process.on('SIGUSR1', () => undefined);

const { run } = await import('./program.ts');
process.exitCode = await run(process.argv.slice(2));
