/** Defaults of the injected host services: the system's clock and randomness, and no telemetry. */
import { systemClock } from '../base/clock.js'
import { systemRandom } from '../base/random.js'
import { noLogger } from '../telemetry/logger.js'
import { noMetrics } from '../telemetry/metrics.js'
import { noTracer } from '../telemetry/tracer.js'
import type { Host, OrchestrationService } from './orchestration-service.js'

export function resolveHost(host: Host = {}): OrchestrationService['host'] {
  return {
    clock: host.clock ?? systemClock,
    random: host.random ?? systemRandom,
    logger: host.logger ?? noLogger,
    metrics: host.metrics ?? noMetrics,
    tracer: host.tracer ?? noTracer,
  }
}
