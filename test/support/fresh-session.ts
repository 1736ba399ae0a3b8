/** Begins each test file that shares a process with others as a new process would: names of layers are counted from the first. */
import { clearSession } from "../../src/nn/names.js";

clearSession();
