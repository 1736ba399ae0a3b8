import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Suites whose files take longest: whole runs of the command, whole trainings, thousands of damaged files. */
const long = ["/test/cli/", "/test/training/", "/test/fuzz/"];

/** Begins with what takes longest, so that at the end no worker waits for the other one. */
export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification): boolean => long.some((folder) => moduleId.includes(folder));
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}
