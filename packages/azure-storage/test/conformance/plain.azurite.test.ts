import { runSuite } from './run-suite.js'

runSuite('azure-storage, 4 partitions', ['plain'])
