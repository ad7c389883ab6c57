/** Entry `@dtfx/testing`: what tests of orchestrations need. */
export { VirtualClock, virtualClockStart } from './clock/virtual-clock.js'
