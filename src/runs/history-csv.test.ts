import { expect, test } from "vitest";
import { historyCsv } from "./history-csv.js";

test("one line for each epoch, in the design's order of columns", () => {
  const row = { val_accuracy: 0.75, phase: "head", epoch: 1, loss: 1.5, accuracy: 0.5, val_loss: 1e-7 } as const;
  expect(historyCsv([{ ...row, learning_rate: 0.001, seconds: 2.25 }])).toBe(
    "epoch,phase,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds\n1,head,1.5,0.5,1e-7,0.75,0.001,2.25\n",
  );
  expect(historyCsv([])).toBe("epoch,phase,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds\n");
});
