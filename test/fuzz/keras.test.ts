import { describeFuzzing } from "../support/fuzz.js";

await describeFuzzing(new URL("./keras.readers.ts", import.meta.url));
