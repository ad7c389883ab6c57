import { defineConfig } from 'tsup'

export const config = defineConfig({ entry: { main: 'src/main.ts', side: 'src/side.ts', worker: 'src/worker.ts' }, format: ['esm'], target: 'node22', clean: true, removeNodeProtocol: false })
export { config as default }
