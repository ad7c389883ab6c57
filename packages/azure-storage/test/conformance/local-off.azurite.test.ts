import { runSuite } from './run-suite.js'

runSuite('azure-storage', ['local activities off'])
