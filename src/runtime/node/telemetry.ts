/*
 * Imported before onnxruntime-node wherever that is. Since version 1.30 the engine reports to its makers how it is used, unless
 * this variable is set before the first session: who trains on their own photos does not expect that. What it makes of the
 * command line for its report moreover overflows the stack when the line is long: `graft predict MODEL *.jpg` with some hundred
 * photos died of a segmentation fault.
 */
process.env["ORT_DISABLE_TELEMETRY"] ??= "1";
