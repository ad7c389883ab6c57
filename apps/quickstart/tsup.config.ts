import { defineConfig } from 'tsup'

/** A program, not a library: no type declarations; its packages stay imports, so that the provider named by the configuration shares them. */
export const config = defineConfig({
  entry: { main: 'src/main.ts' },
  format: ['esm'],
  target: 'node22',
  sourcemap: true,
  clean: true,
})
export { config as default }
