import { defineConfig } from 'tsup'

export const config = defineConfig({
  entry: { main: 'src/main.ts' },
  format: ['esm'],
  target: 'node20',
  dts: false,
  sourcemap: true,
  clean: true,
})
export { config as default }
