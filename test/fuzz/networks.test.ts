import { describeFuzzing } from "../support/fuzz.js";

await describeFuzzing(new URL("./networks.readers.ts", import.meta.url));
