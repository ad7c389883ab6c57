import { defineConfig } from 'tsup'

export const config = defineConfig({ entry: { main: 'src/main.ts' }, format: ['esm'], target: 'node22', clean: true })
export { config as default }
