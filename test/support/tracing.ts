import { register } from 'node:module';
import { trace } from '@opentelemetry/api';
import { registerInstrumentations } from '@opentelemetry/instrumentation';
import { PgInstrumentation } from '@opentelemetry/instrumentation-pg';
import { type ReadableSpan, SimpleSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace';
import { SPAN } from './spans.js';

// Loaded before the product (`node --import`): PostgreSQL's statements are traced as an operator would have them traced,
// and each span is printed as a line.

class Printer implements SpanExporter {
  export(spans: ReadableSpan[], done: (result: { code: number }) => void): void {
    for (const { name, attributes, events } of spans) {
      process.stdout.write(`${SPAN}${JSON.stringify({ name, attributes, events })}\n`);
    }
    done({ code: 0 });
  }

  async shutdown(): Promise<void> {
    // Nothing is kept that would have to be printed.
  }
}

register('@opentelemetry/instrumentation/hook.mjs', import.meta.url);
trace.setGlobalTracerProvider(
  new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: new Printer() })] }),
);
registerInstrumentations({ instrumentations: [new PgInstrumentation({ requireParentSpan: false })] });
