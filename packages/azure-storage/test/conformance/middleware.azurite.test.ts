import { runSuite } from './run-suite.js'

runSuite('azure-storage, 1 partition', ['with middleware'], { partitionCount: 1 })
