/** Loaded into a member before its own program: makes it, at a signal, do what no member should. */
const BALLAST_MB = 500;

// Memory that is held for good, every page of it touched.
process.on('SIGUSR2', () => void (globalThis.ballast = Buffer.alloc(BALLAST_MB * 1024 * 1024, 1)));

// An event loop that stands still though the process runs.
process.on('SIGHUP', () => {
  for (;;);
});
