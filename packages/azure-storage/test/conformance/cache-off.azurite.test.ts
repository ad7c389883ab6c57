import { runSuite } from './run-suite.js'

runSuite('azure-storage, 1 partition', ['cache off'], { partitionCount: 1 })
