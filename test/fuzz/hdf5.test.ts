import { describeFuzzing } from "../support/fuzz.js";

await describeFuzzing(new URL("./hdf5.readers.ts", import.meta.url));
