/** What Graft uses of npm's own reader of configuration, which comes without types. */
declare module "@npmcli/config" {
  export default class Config {
    constructor(options: {
      definitions: object;
      shorthands: object;
      flatten: (values: object, flat: object) => void;
      nerfDarts: readonly string[];
      npmPath: string;
      env: NodeJS.ProcessEnv;
      argv: readonly string[];
      cwd: string;
      warn: boolean;
    });
    load(): Promise<void>;
    /** Drops values of the wrong type; throws when credentials stand in a way that npm no longer reads. */
    validate(): boolean;
    /** All values, under the names that npm's own libraries take them. */
    readonly flat: Readonly<Record<string, unknown>>;
  }
}

declare module "@npmcli/config/lib/definitions/index.js" {
  const npm: {
    definitions: object;
    shorthands: object;
    flatten: (values: object, flat: object) => void;
    nerfDarts: readonly string[];
  };
  export default npm;
}
