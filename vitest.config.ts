import { defineConfig } from 'vitest/config';

const common = {
  testTimeout: 30_000,
  hookTimeout: 60_000,
  // Many tests measure real time on real processes, and a shared machine may stand still for a moment.
  retry: process.env.CI ? 2 : 0,
};

export default defineConfig({
  test: {
    // Tests start real processes and servers; two at a time is what a two-core machine carries.
    maxWorkers: 2,
    projects: [
      {
        test: { name: 'rooms', include: ['test/**/*.test.ts'], exclude: ['test/e2e/**'], ...common },
      },
      {
        // These run the built command line.
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: ['test/support/build.ts'],
          // Drills mostly wait, so some of one file run side by side.
          maxConcurrency: 3,
          ...common,
        },
      },
    ],
  },
});
