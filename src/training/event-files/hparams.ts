import { doubleField, type Field, integerField, messageField, textField } from "./protobuf-fields.js";
import { floatTensor, summary, type Summary } from "./summaries.js";

/** A setting as TensorBoard compares it. */
export type HParam = string | number | boolean;

/** google.protobuf.Value. */
function valueField(number: number, value: HParam): Field {
  if (typeof value === "string") return messageField(number, [textField(3, value)]);
  return messageField(number, [typeof value === "number" ? doubleField(2, value) : integerField(4, Number(value))]);
}

/** The tensor says nothing: all is in what the plugin is told. */
function session(tag: string, field: Field): Summary {
  return summary(tag, { plugin: "hparams", content: field, dataClass: "tensor", tensor: floatTensor([1], [0]) });
}

/**
 * With what settings a training began. The figures that TensorBoard shows beside them are the last scalars of the folder, and of folders in it.
 *
 * @param hparams settings by name
 * @param started when it began, in seconds since 1970
 * @see https://github.com/tensorflow/tensorboard/blob/master/tensorboard/plugins/hparams/plugin_data.proto
 */
export function sessionStart(hparams: Readonly<Record<string, HParam>>, started: number): Summary {
  const entries = Object.entries(hparams).map(([name, value]) =>
    messageField(1, [textField(1, name), valueField(2, value)]),
  );
  return session("_hparams_/session_start_info", messageField(3, [...entries, doubleField(5, started)]));
}

/**
 * That it has come to its end.
 *
 * @param ended in seconds since 1970
 */
export function sessionEnd(ended: number): Summary {
  const success = 1;
  return session("_hparams_/session_end_info", messageField(4, [integerField(1, success), doubleField(2, ended)]));
}
