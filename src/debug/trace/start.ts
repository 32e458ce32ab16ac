/** Makes the tracer of a spec. */
import { CallTracer } from "./call_tracer.ts";
import { JsonWriter } from "./json_writer.ts";
import { PerfettoWriter } from "./perfetto_writer.ts";
import type { TraceSpec } from "./spec.ts";
import { TextWriter } from "./text_writer.ts";
import type { TraceSink, TraceWriter } from "./writer.ts";

/** @param write takes the trace's text in pieces that may end anywhere */
export function startTrace(spec: TraceSpec, write: TraceSink): CallTracer {
  return new CallTracer(spec, spec.shown && spec.summary !== "only" ? writerOf(spec, write) : undefined, write);
}

function writerOf(spec: TraceSpec, write: TraceSink): TraceWriter {
  switch (spec.format) {
    case "text":
      return new TextWriter(spec, write);
    case "json":
      return new JsonWriter(write);
    case "perfetto":
      return new PerfettoWriter(write);
  }
}
