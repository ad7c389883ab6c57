import { defineConfig } from 'tsup'

export const config = defineConfig({ entry: { main: 'src/main.ts', side: 'src/side.ts' }, format: ['esm'], target: 'node22', clean: true })
export { config as default }
