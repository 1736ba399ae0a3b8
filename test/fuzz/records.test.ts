import { describeFuzzing } from "../support/fuzz.js";

await describeFuzzing(new URL("./records.readers.ts", import.meta.url));
