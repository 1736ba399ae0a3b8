import { describeFuzzing } from "../support/fuzz.js";

await describeFuzzing(new URL("./photos.readers.ts", import.meta.url));
